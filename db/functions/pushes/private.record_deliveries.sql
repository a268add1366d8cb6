-- Deliveries as private.settle_push and worker.finish_push write them, all in one statement: state, attempt, audit event.
create or replace function private.record_deliveries(p_ids uuid[], p_reported_ids uuid[], p_http_statuses integer[], p_durations_ms integer[])
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with settled as (
    update sync.pushes as p
    set state = 'delivered', settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, error_code = null,
        http_status = r.http_status
    from unnest(p_reported_ids, p_http_statuses, p_durations_ms) as r(id, http_status, duration_ms)
    where p.id = r.id and p.id = any (p_ids)
    returning p.*, r.duration_ms
  ), attempts as (
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms)
    select s.id, s.organization_id, s.attempts, s.leased_by, 'delivered', s.http_status, s.duration_ms from settled as s
  )
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, push_id, detail)
  select 'push_delivered', 'worker', private.actor(), s.organization_id, 'The personnummer was delivered to the member system.',
    s.member_id, s.observation_id, s.id,
    jsonb_strip_nulls(jsonb_build_object('attempt', s.attempts, 'http_status', s.http_status, 'worker', s.leased_by))
  from settled as s;
end
$$;
comment on function private.record_deliveries is 'In: locked pushes that were delivered; all that were reported, and beside each HTTP status and duration in milliseconds.';
