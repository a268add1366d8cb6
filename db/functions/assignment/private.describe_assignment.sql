-- Who has a case.
create or replace function private.describe_assignment(c registry.conflicts)
returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('assigned_to', a.user_id, 'assigned_name', private.coordinator_name(k.name, k.email, a.user_id),
    'assigned_until', case when a.user_id is not null then c.assigned_until end)
  from (select case when private.is_assigned(c.assigned_to, c.assigned_until) then c.assigned_to end) as a(user_id)
  left join registry.coordinators as k on k.user_id = a.user_id and k.organization_id = c.organization_id
$$;
comment on function private.describe_assignment is 'In: a case. Out: who looks after it (user id, name), until when; nulls: nobody.';
