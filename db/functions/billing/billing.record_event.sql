-- The one writer of audit events about invoices: which invoice it was stands in the detail, and nothing that the invoice service answered but
-- its status.
create or replace function billing.record_event(p_event text, p_source text, i billing.invoices, p_message text, p_detail jsonb default '{}')
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select private.record_invoice_event(p_event, p_source, i.organization_id, p_message, i.member_id, jsonb_strip_nulls(jsonb_build_object(
    'invoice_id', i.id, 'error_code', i.error_code, 'http_status', i.http_status) || p_detail))
$$;
comment on function billing.record_event is 'In: event, source, invoice, sentence, more detail. Appends the audit event.';
