-- The member system agrees with the record again.
create or replace function private.close_drift_case(p_member registry.members)
returns boolean
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_member.organization_id and c.member_id = p_member.id and c.kind = 'drift' and c.state = 'open'
  ), 'worker', 'The member system agrees again.') <> '{}'
$$;
comment on function private.close_drift_case is 'In: a member. Out: whether a case about a difference was open and is closed now.';
