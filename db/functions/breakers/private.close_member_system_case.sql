-- The case about a member system is obsolete when it works again; no coordinator has to say so.
create or replace function private.close_member_system_case(p_organization_id uuid)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.supersede_cases(array(
    select c.id from registry.conflicts as c
    where c.organization_id = p_organization_id and c.kind = 'member_system' and c.closed_at is null
  ), 'worker', 'The member system works again.')
$$;
comment on function private.close_member_system_case is 'In: an organisation. Closes the open cases about its member system.';
