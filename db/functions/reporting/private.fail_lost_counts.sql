-- A count whose job was tried as often as it may, or is gone, is not counted any more: coordinators see that, and ask again. A worker that was killed
-- says nothing, so this is found out here and not by the job.
create or replace function private.fail_lost_counts()
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with lost as (
    update reporting.snapshots as s
    set state = 'failed', version = s.version + 1, failed_at = clock_timestamp(),
        failure = coalesce((
          select substring(j.last_error from '^[a-z0-9_]{1,60}$') from graphile_worker.jobs as j where j.key = 'count_grant:' || s.id), 'worker_lost')
    where s.state = 'asked' and not exists (
      select from graphile_worker.jobs as j
      where j.key = 'count_grant:' || s.id and (j.attempts < j.max_attempts or j.locked_at is not null))
    returning s.id
  )
  select count(*)::integer from lost
$$;
comment on function private.fail_lost_counts is 'Out: how many counts for grants have failed for good.';
