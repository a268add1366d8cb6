-- The member is locked before the push, as by whoever queues the next one: else a push that goes back to waiting could meet a new one
-- that waits already.
create or replace function private.lock_reported_pushes(p_ids uuid[], p_wait boolean)
returns uuid[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_ids constant uuid[] := array(select p.member_id from sync.pushes as p where p.id = any (p_ids));
  v_locked uuid[];
begin
  if p_wait then
    perform from registry.members as m where m.id = any (v_member_ids) order by m.id for no key update;
    return private.lock_pushes(p_ids, true);
  end if;
  v_locked := array(select m.id from registry.members as m where m.id = any (v_member_ids) order by m.id for no key update skip locked);
  return private.lock_pushes(array(select p.id from sync.pushes as p where p.id = any (p_ids) and p.member_id = any (v_locked)), false);
end
$$;
comment on function private.lock_reported_pushes is 'In: pushes, whether to wait for what others have locked. Out: those that are locked now, after their members.';
