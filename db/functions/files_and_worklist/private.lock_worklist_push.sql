-- A change of the worklist that the caller may see and that still waits, locked.
create or replace function private.lock_worklist_push(p_push_id uuid)
returns sync.pushes
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known
  where known.id = p_push_id and known.organization_id = any (private.coordinator_organizations())
    and exists (select from sync.member_systems as s where s.organization_id = known.organization_id and s.kind = 'worklist')
  for update;
  return p;
end
$$;
comment on function private.lock_worklist_push is 'In: a push. Out: the push, locked; null when the caller may not see it or it is no change of a worklist.';
