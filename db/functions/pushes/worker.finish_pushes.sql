-- A worker reports how attempts ended: of one push, or of many in one round trip and one commit. Plain deliveries are written together,
-- and the worker goes on with the next pushes at once. What leaves something to put right (a failure, a breaker, a case, an older value that
-- was overtaken) is written one after the other, by organisation, so that breakers are locked in one order.
-- Members of many reports are skipped where somebody else holds them: only a single report waits, so no two calls wait for each other.
-- Where there were only plain deliveries the commit is not waited for on the disk: what a crash of the server takes back is a push that is
-- being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(reports jsonb, wait_for_locks boolean default false)
returns table (push_id uuid, state text, next jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_reports constant sync.push_report[] := array(
    select r from jsonb_populate_recordset(null::sync.push_report, finish_pushes.reports) as r);
  v_plain record;
  v_others uuid[];
  r sync.push_report;
begin
  v_plain := private.lock_plain_deliveries(v_reports);
  if v_plain.ids is not null then
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms)
    select p.id, p.organization_id, p.attempts, p.leased_by, t.result, t.http_status, t.duration_ms
    from unnest(v_reports) as t join sync.pushes as p on p.id = t.push_id
    where p.id = any (v_plain.ids);
    perform private.settle_pushes(v_plain.ids, v_plain.http_statuses, array_fill(null::text, array[cardinality(v_plain.ids)]),
      'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
    return query
      with next as materialized (
        select c.* from private.claim_next_pushes(v_plain.organization_ids, v_plain.next_worker_ids, v_plain.slots) as c
      )
      select done.id, 'delivered'::text, case when n.push_id is not null then to_jsonb(n) end
      from unnest(v_plain.ids, v_plain.next_worker_ids) as done(id, next_worker_id)
      left join next as n on n.worker_id = done.next_worker_id;
    if cardinality(v_plain.ids) = cardinality(v_reports) then
      perform set_config('synchronous_commit', 'off', true);
      return;
    end if;
  end if;
  v_others := private.lock_reported_pushes(
    array(select t.push_id from unnest(v_reports) as t where t.push_id <> all (coalesce(v_plain.ids, '{}'))), finish_pushes.wait_for_locks);
  for r in
    select t.* from unnest(v_reports) as t join sync.pushes as p on p.id = t.push_id
    where t.push_id = any (v_others) order by p.organization_id, p.id
  loop
    push_id := r.push_id;
    state := private.record_result(r);
    next := null;
    return next;
  end loop;
end
$$;
comment on function worker.finish_pushes is 'In: an array of reports (the fields of sync.push_report), whether to wait for pushes that somebody else has locked. Out: a row for each: its new state, null when the report is stale (an old token, another worker); and for a delivery the push that is claimed next (sync.push_claim). No row: locked by somebody else, nothing was changed.';
grant execute on function worker.finish_pushes to sync_worker;
