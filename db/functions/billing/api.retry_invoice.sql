-- A coordinator has an invoice tried again.
create or replace function api.retry_invoice(invoice_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.retry_invoice(retry_invoice.invoice_id);
end;
comment on function api.retry_invoice is 'In: an invoice of api.invoices that is neither issued, nor being issued, nor cancelled. Out: {"invoice_id"}; or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.retry_invoice to authenticated;
