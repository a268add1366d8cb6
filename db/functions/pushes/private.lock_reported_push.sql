-- The member is locked before the push, as by whoever queues the next one: else a push that goes back to waiting could meet a new one
-- that waits already. Deliveries that go together (worker.finish_pushes) leave nothing waiting, and need no such lock.
create or replace function private.lock_reported_push(p_push_id uuid)
returns sync.pushes
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  perform from registry.members as m
  where m.id = (select known.member_id from sync.pushes as known where known.id = p_push_id) for no key update;
  select known.* into p from sync.pushes as known where known.id = p_push_id for update;
  return p;
end
$$;
comment on function private.lock_reported_push is 'In: a push. Out: the push, locked after its member; null for an unknown id.';
