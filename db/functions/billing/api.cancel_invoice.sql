-- A coordinator takes an invoice back.
create or replace function api.cancel_invoice(invoice_id uuid, reason text)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.cancel_invoice(cancel_invoice.invoice_id, cancel_invoice.reason);
end;
comment on function api.cancel_invoice is 'In: an invoice of api.invoices that is neither issued nor being issued, why (1 to 500 characters). Out: {"invoice_id"}; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.cancel_invoice to authenticated;
