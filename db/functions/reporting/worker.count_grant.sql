-- The worker's way: what a coordinator asked for at the desk. A count that is done already, or gave way to another one, is left alone.
create or replace function worker.count_grant(snapshot_id uuid)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  perform private.lock_counting(known.organization_id, true) from reporting.snapshots as known where known.id = count_grant.snapshot_id;
  select known.* into s from reporting.snapshots as known where known.id = count_grant.snapshot_id and known.state = 'asked';
  if s.id is null then
    return false;
  end if;
  perform private.make_snapshot(s, 'worker');
  return true;
end
$$;
comment on function worker.count_grant is 'In: a count that was asked for. Out: whether it was counted now.';
grant execute on function worker.count_grant to sync_worker;
