-- The same door for many deliveries at once, and for what comes next: one round trip and one commit a push, instead of five. It
-- takes the ordinary ones only, after which nothing else is to be put right: no breaker, no case, no older value that was overtaken.
-- Whatever is left out has changed nothing and is reported one at a time (worker.finish_push). The commit is not waited for on the
-- disk: what a crash of the server takes back is a push that is being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(
  push_ids uuid[], fencing_tokens bigint[], worker_ids text[], http_statuses integer[], durations_ms integer[], next_worker_ids text[]
)
returns table (
  finished uuid[], push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean, made_at text
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_done record;
  v_next record;
begin
  v_done := private.lock_ordinary_deliveries(finish_pushes.push_ids, finish_pushes.fencing_tokens, finish_pushes.worker_ids);
  finished := coalesce(v_done.ids, '{}');
  if v_done.ids is null then
    return next;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  perform private.record_deliveries(v_done.ids, finish_pushes.push_ids, finish_pushes.http_statuses, finish_pushes.durations_ms);
  return next;
  v_next := private.lock_next_pushes(v_done.organization_ids, array(
    select finish_pushes.next_worker_ids[array_position(finish_pushes.push_ids, done.id)]
    from unnest(v_done.ids) with ordinality as done(id, nth) order by done.nth), v_done.slots);
  if v_next.ids is not null then
    return query select null::uuid[], c.* from private.claim_locked(v_next.ids, v_next.worker_ids, v_next.slots) as c;
    -- The claim takes the place of the job, and a lease that runs out makes a new one. What was not claimed, because its place was
    -- taken meanwhile, keeps its job, and so does one that somebody is fetching at this moment, and who finds the push taken.
    perform graphile_worker.complete_jobs(array(
      select next.job_id from unnest(v_next.ids, v_next.job_ids) as next(id, job_id)
      join sync.pushes as p on p.id = next.id and p.state = 'sending'));
  end if;
end
$$;
comment on function worker.finish_pushes is 'In: pushes that were delivered, and beside each its fencing token, the name it was claimed under, HTTP status, duration in milliseconds, and the name under which to claim the next one (null: none). Out: first those that are settled (the others have to be reported one at a time), then the claims, as worker.claim_push.';
grant execute on function worker.finish_pushes to sync_worker;
