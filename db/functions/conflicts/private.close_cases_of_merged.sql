-- Other open cases about a record that is no more are obsolete.
create or replace function private.close_cases_of_merged(p_conflict registry.conflicts)
returns uuid[]
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_conflict.organization_id and c.id <> p_conflict.id and c.state = 'open'
      and (p_conflict.member_id in (c.member_id, c.other_member_id) or p_conflict.member_id = any (c.candidates))
  ), 'coordinator', 'The record was merged into another.')
$$;
comment on function private.close_cases_of_merged is 'In: a case whose member was merged into another. Out: ids of the other open cases that were closed by it.';
