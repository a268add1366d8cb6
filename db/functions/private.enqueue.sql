-- The only caller of graphile-worker's add_job. Task name, payload, key and number of attempts are fixed here, so that no
-- caller can queue anything else. Payloads hold ids only: a failed job stays in the queue's tables for anyone to read.
create or replace function private.enqueue(p_task private.task, p_id uuid, p_run_at timestamptz default null)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  -- Under contention on one key add_job can answer NULL and drop the request; a change must not be lost by that.
  if (graphile_worker.add_job(
    identifier => p_task::text,
    payload => json_build_object(case p_task when 'push_personnummer' then 'push_id' else 'observation_id' end, p_id),
    job_key => p_task || ':' || p_id,
    run_at => p_run_at,
    max_attempts => 25
  )).id is null then
    raise exception 'The job queue did not take the job.' using errcode = 'PN010';
  end if;
end
$$;
comment on function private.enqueue is 'In: task, the id it is about, earliest time (null: now). Queues the job in this transaction; raises PN010 if the queue refuses.';
