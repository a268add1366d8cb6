-- Jobs locked by a worker that died before its first sign of life: nobody has it in a list, and its lock would last four hours.
create or replace function private.free_lost_jobs()
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lost constant text[] := array(
    select distinct j.locked_by from graphile_worker.jobs as j
    where j.locked_at < clock_timestamp() - interval '1 minute'
      and not exists (select from sync.workers as w where w.pool_id = j.locked_by));
begin
  if cardinality(v_lost) > 0 then
    perform graphile_worker.force_unlock_workers(v_lost);
  end if;
  return cardinality(v_lost);
end
$$;
comment on function private.free_lost_jobs is 'Out: how many unknown workers lost their locks.';
