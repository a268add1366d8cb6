-- The only writer of final states: row and audit event, for one push or many in one statement. The event has what
-- private.record_push_event writes; a call of it for each push would cost deliveries more than the rest of this.
create or replace function private.settle_pushes(
  p_ids uuid[], p_http_statuses integer[], p_error_codes text[], p_state sync.push_state, p_event text, p_message text,
  p_next_attempt_at timestamptz default null
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with settled as (
    update sync.pushes as p
    set state = p_state, settled_at = clock_timestamp(), next_attempt_at = p_next_attempt_at, lease_expires_at = null,
        error_code = t.error_code, http_status = t.http_status
    from unnest(p_ids, p_http_statuses, p_error_codes) as t(id, http_status, error_code)
    where p.id = t.id
    returning p.*
  )
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, push_id, detail)
  select p_event, 'worker', private.actor(), s.organization_id, p_message, s.member_id, s.observation_id, s.id,
    jsonb_strip_nulls(jsonb_build_object(
      'attempt', s.attempts, 'error_code', s.error_code, 'http_status', s.http_status, 'worker', s.leased_by))
  from settled as s;
end
$$;
comment on function private.settle_pushes is 'In: locked pushes, beside each HTTP status and error code to keep; final state, event, sentence; for given_up, when it is tried again all the same.';
