-- What cannot wait for the minute of reconcile: workers that fell silent lose their locks, pushes whose lease ran out get a job,
-- and breakers whose pause is over a probe. Every worker calls this every few seconds; one at a time does the work.
create or replace function worker.sweep()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_dead text[];
begin
  if not pg_try_advisory_xact_lock(hashtextextended('worker.sweep', 0)) then
    return;
  end if;
  with dead as (
    delete from sync.workers as w where w.seen_at < clock_timestamp() - private.lease() returning w.pool_id
  )
  select array_agg(d.pool_id) into v_dead from dead as d;
  if v_dead is not null then
    perform graphile_worker.force_unlock_workers(v_dead);
    return query select 'worker_lost'::text, cardinality(v_dead);
  end if;
  return query
    select 'push_personnummer'::text, private.requeue('push_personnummer', array(
      select p.id from sync.pushes as p where p.state = 'sending' and p.lease_expires_at < clock_timestamp()
      order by p.lease_expires_at limit 200));
  return query select 'probe'::text, private.send_probes();
end
$$;
comment on function worker.sweep is 'Out: workers that were lost, pushes that were queued again, probes that were sent. No row while another worker sweeps.';
grant execute on function worker.sweep to sync_worker;
