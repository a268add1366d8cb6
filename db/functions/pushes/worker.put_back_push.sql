-- A worker has no slot left for this organisation: the push keeps a job, and the others' pushes their slots.
create or replace function worker.put_back_push(push_id uuid)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from sync.pushes as p where p.id = put_back_push.push_id and p.settled_at is null) then
    perform private.put_off_claim(put_back_push.push_id, 'no_slot');
  end if;
end
$$;
comment on function worker.put_back_push is 'In: a push that was fetched and cannot be begun. Queues it again.';
grant execute on function worker.put_back_push to sync_worker;
