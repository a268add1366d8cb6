-- The tables are the truth and the queue only a reminder. What is due and has no live job gets one again: jobs that were
-- dropped, used up, or locked by a worker that died. Run every minute.
create or replace function worker.reconcile()
returns table (what text, queued integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_swept integer;
begin
  select coalesce(sum(s.queued) filter (where s.what = 'push_personnummer'), 0) into v_swept from worker.sweep() as s;
  return query select 'lost_worker'::text, private.free_lost_jobs();
  return query select 'push_personnummer'::text, v_swept + private.requeue('push_personnummer', private.due_pushes());
  return query
    select 'process_observation'::text, private.requeue('process_observation', array(
      select o.id from registry.observations as o
      left join graphile_worker.jobs as j
        on j.key = 'process_observation:' || o.id and j.attempts < j.max_attempts and j.locked_at is null
      where o.outcome = 'deferred' and o.received_at < clock_timestamp() - interval '10 seconds' and j.key is null
      order by o.received_at limit 1000));
  return query
    select 'carry_out_erasure'::text, private.requeue('carry_out_erasure', array(
      select e.id from audit.erasures as e
      where (e.state = 'announced' or e.receipt_digest is null) and coalesce(e.erased_at, e.announced_at) < clock_timestamp() - interval '30 seconds'
      order by e.announced_at limit 1000));
  return query select 'count_failed'::text, private.fail_lost_counts();
  perform private.close_cases_of_erased();
  return query select 'leftover_job'::text, private.drop_leftover_jobs();
  return query select 'outage_case'::text, private.report_long_outages();
  return query select 'file_expired'::text, private.expire_files();
  return query select 'repetitions'::text, private.record_repetitions();
  perform private.erase_proposals(1000);
  delete from registry.consumed_transactions where expires_at < clock_timestamp() - interval '1 minute';
  -- A push whose attempt failed in the very moment in which a case about its number was opened. Last, because it locks pushes.
  perform private.hold_or_release_pushes(named.organization_id, named.member_ids) from (
    select c.organization_id, array_agg(distinct m.id) as member_ids
    from registry.conflicts as c cross join lateral unnest(c.candidates || c.member_id || c.other_member_id) as m(id)
    where c.closed_at is null and c.opened_at > clock_timestamp() - interval '5 minutes' and m.id is not null
    group by c.organization_id) as named;
end
$$;
comment on function worker.reconcile is 'Out: how many jobs were queued again, by task, and what else was put in order. Also forgets used login transactions that have expired, and what logins brought that were to be linked and were not redeemed.';
grant execute on function worker.reconcile to sync_worker;
