-- Whether the queue will still run a job for this by itself. A job that is locked is running, or its worker died: only time
-- tells, and the lease of the push has run out by the time anybody asks.
create or replace function private.has_live_job(p_task private.task, p_id uuid)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select from graphile_worker.jobs as j
    where j.key = p_task || ':' || p_id and j.attempts < j.max_attempts and j.locked_at is null);
end
$$;
comment on function private.has_live_job is 'In: task, id. Out: whether an unlocked job with attempts left is in the queue.';
