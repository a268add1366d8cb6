-- The door for a worker that has no place left for this organisation: the others' pushes keep theirs.
create or replace function worker.put_back_push(push_id uuid)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.id = put_back_push.push_id and known.settled_at is null;
  if p.id is not null then
    perform private.put_back_push(p, 'no_slot');
  end if;
end
$$;
comment on function worker.put_back_push is 'In: a push that was fetched and cannot be begun. Queues it again.';
grant execute on function worker.put_back_push to sync_worker;
