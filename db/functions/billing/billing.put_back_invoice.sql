-- A worker has no slot left for this organisation: the invoice keeps a job, and the others their slots.
create or replace function billing.put_back_invoice(invoice_id uuid)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform billing.queue(i) from billing.invoices as i where i.id = put_back_invoice.invoice_id and i.settled_at is null;
end
$$;
comment on function billing.put_back_invoice is 'In: an invoice that was fetched and cannot be begun. Queues it again.';
grant execute on function billing.put_back_invoice to sync_worker;
