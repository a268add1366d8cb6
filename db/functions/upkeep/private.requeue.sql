-- Queues those of some pushes that have no live job. A job that is locked is running, or its worker died: by the time anybody
-- asks, the lease has run out.
create or replace function private.requeue(p_task private.task, p_ids uuid[])
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
  v_count integer := 0;
begin
  for v_id in
    select t.id from unnest(p_ids) as t(id)
    where not exists (
      select from graphile_worker.jobs as j
      where j.key = p_task || ':' || t.id and j.attempts < j.max_attempts and j.locked_at is null)
  loop
    perform private.enqueue(p_task, v_id);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.requeue is 'In: task, ids. Out: how many had no live job and were queued.';
