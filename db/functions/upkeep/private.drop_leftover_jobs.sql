-- A job that was queued again while it was locked loses its key and its attempts to the new one; if its worker died, it stays
-- behind for ever. graphile-worker's own way of removing jobs is used.
create or replace function private.drop_leftover_jobs()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count integer;
begin
  select count(*) into v_count from graphile_worker.complete_jobs(array(
    select j.id from graphile_worker.jobs as j
    where j.key is null and j.locked_at is null and j.attempts >= j.max_attempts
      and j.task_identifier in ('push_personnummer', 'process_observation', 'issue_invoice') limit 1000));
  return v_count;
end
$$;
comment on function private.drop_leftover_jobs is 'Out: how many jobs that can never run again were removed.';
