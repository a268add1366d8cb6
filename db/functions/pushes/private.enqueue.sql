-- The only caller of graphile-worker's add_job, but for private.begin_renewal. Task name, payload, key, flag and number of attempts are fixed
-- here, so that no caller can queue anything else. Payloads hold ids only: a failed job stays in the queue's tables for anyone to read. The
-- flag names the organisation: workers do not fetch the jobs of one whose breaker is open (sync.breakers), but for a probe.
create or replace function private.enqueue(p_task private.task, p_id uuid, p_run_at timestamptz default null, p_flag text default null)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag text := p_flag;
begin
  if p_task = 'push_personnummer' then
    select 'org:' || p.organization_id into v_flag from sync.pushes as p
    where p.id = p_id and not exists (select from sync.breakers as b where b.probe_push_id = p_id);
  end if;
  -- Under contention on one key add_job can answer NULL and drop the request; a change must not be lost by that.
  if (graphile_worker.add_job(
    identifier => p_task::text,
    payload => json_build_object(
      case p_task when 'push_personnummer' then 'push_id' when 'carry_out_erasure' then 'erasure_id'
        when 'issue_invoice' then 'invoice_id' when 'count_grant' then 'snapshot_id' else 'observation_id' end, p_id),
    job_key => p_task || ':' || p_id,
    run_at => p_run_at,
    max_attempts => case p_task when 'count_grant' then 5 else 25 end, -- a coordinator waits for it, and can ask again
    flags => array_remove(array[v_flag], null)
  )).id is null then
    raise exception 'The job queue did not take the job.' using errcode = 'PN010';
  end if;
end
$$;
comment on function private.enqueue is 'In: task, the id it is about, earliest time (null: now). Queues the job in this transaction; raises PN010 if the queue refuses.';
