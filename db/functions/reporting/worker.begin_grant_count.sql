-- Told before it is counted, in a transaction of its own: so coordinators see that it goes on.
create or replace function worker.begin_grant_count(snapshot_id uuid)
returns boolean
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
  with begun as (
    update reporting.snapshots as s set started_at = clock_timestamp()
    where s.id = begin_grant_count.snapshot_id and s.state = 'asked' returning s.id
  )
  select exists (select from begun)
$$;
comment on function worker.begin_grant_count is 'In: a count that was asked for. Out: whether it still waits.';
grant execute on function worker.begin_grant_count to sync_worker;
