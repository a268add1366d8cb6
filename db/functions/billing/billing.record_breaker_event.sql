-- Transitions of a breaker are audited; they concern an organisation, not a member.
create or replace function billing.record_breaker_event(p_event text, b billing.breakers, p_message text)
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_invoice_event(p_event, 'worker', b.organization_id, p_message, null, jsonb_strip_nulls(jsonb_build_object(
    'error_code', b.error_code, 'http_status', b.http_status, 'openings', b.openings, 'next_probe_at', b.probe_at, 'invoice_id', b.probe_invoice_id)))
$$;
comment on function billing.record_breaker_event is 'In: event, breaker, sentence. Appends the audit event.';
