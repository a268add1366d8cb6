-- Audit events about a push all name the same ids.
create or replace function private.record_push_event(p_event text, p_push sync.pushes, p_message text, p_conflict_id uuid default null)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, 'worker', p_push.organization_id, p_message,
    p_member_id => p_push.member_id, p_observation_id => p_push.observation_id, p_conflict_id => p_conflict_id, p_push_id => p_push.id,
    p_detail => jsonb_strip_nulls(jsonb_build_object(
      'attempt', p_push.attempts, 'error_code', p_push.error_code, 'http_status', p_push.http_status, 'worker', p_push.leased_by)))
$$;
comment on function private.record_push_event is 'In: event, push, sentence, the case it has to do with. Appends the audit event.';
