-- Everything that trying pushes again touches, locked beforehand and in one order (members, then pushes, each by id), so that two
-- coordinators who name the same ones in another order, or a worker that reports on one of them, wait and do not deadlock. Pushes
-- that are being sent are left alone: they cannot be tried again, and their workers renew many leases at once.
create or replace function private.lock_failed_pushes(p_ids uuid[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_ids constant uuid[] := private.coordinator_organizations();
begin
  perform from registry.members as m
  where m.id in (select p.member_id from sync.pushes as p where p.id = any (p_ids) and p.organization_id = any (v_organization_ids))
  order by m.id for no key update;
  perform from sync.pushes as p
  where p.id = any (p_ids) and p.organization_id = any (v_organization_ids) and p.state <> 'sending'
  order by p.id for update;
end
$$;
comment on function private.lock_failed_pushes is 'In: pushes. Locks those that the caller may see and that are not being sent, and their members.';
