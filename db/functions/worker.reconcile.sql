-- The tables are the truth and the queue only a reminder. What is due and has no live job gets one again: jobs that were
-- dropped, used up, or locked by a worker that died. Run every minute.
create or replace function worker.reconcile()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = ''
as $$
begin
  return query
    with due as (
      select p.id from sync.pushes as p
      where (p.state = 'pending' and p.next_attempt_at < clock_timestamp() - interval '30 seconds')
        or (p.state = 'sending' and p.lease_expires_at < clock_timestamp())
      order by p.next_attempt_at limit 1000
    )
    select 'push_personnummer'::text, count(private.enqueue('push_personnummer', d.id))::integer
    from due as d where not private.has_live_job('push_personnummer', d.id);
  return query
    with due as (
      select o.id from registry.observations as o
      where o.outcome = 'deferred' and o.received_at < clock_timestamp() - interval '10 seconds'
      order by o.received_at limit 1000
    )
    select 'process_observation'::text, count(private.enqueue('process_observation', d.id))::integer
    from due as d where not private.has_live_job('process_observation', d.id);
  delete from registry.consumed_transactions where expires_at < clock_timestamp() - interval '1 minute';
end
$$;
comment on function worker.reconcile is 'Out: how many jobs were queued again, by task. Also forgets used login transactions that have expired.';
grant execute on function worker.reconcile to sync_worker;
