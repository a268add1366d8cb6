-- Transitions of a breaker are audited; they concern an organisation, not a member.
create or replace function private.record_breaker_event(p_event text, p_breaker sync.breakers, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_event(p_event, 'worker', p_breaker.organization_id, p_message,
    p_push_id => p_breaker.probe_push_id,
    p_detail => jsonb_strip_nulls(jsonb_build_object('error_code', p_breaker.error_code, 'http_status', p_breaker.http_status,
      'openings', p_breaker.openings, 'next_probe_at', p_breaker.probe_at)))
$$;
comment on function private.record_breaker_event is 'In: event, breaker, sentence. Appends the audit event.';
