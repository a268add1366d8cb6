-- A worker reports how an attempt ended. A report with an old fencing token, or of another worker than the one that holds the invoice, changes
-- nothing. What the service says of a recipient stays in the invoice's own row and goes nowhere else.
create or replace function billing.finish_invoice(report jsonb)
returns table (state text, next jsonb)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant billing.invoice_report := jsonb_populate_record(null::billing.invoice_report, finish_invoice.report);
  i billing.invoices;
  v_slot smallint;
  v_next billing.invoice_claim;
begin
  select known.* into i from billing.invoices as known where known.id = r.invoice_id for update;
  if i.state is distinct from 'issuing' or i.fencing_token <> r.fencing_token or i.leased_by is distinct from r.worker_id then
    state := null;
    return next;
    return;
  end if;
  v_slot := i.slot;
  i.looked_up_by := r.looked_up_by;
  i.http_status := r.http_status;
  i.error_code := r.error_code;
  case
    when r.result = 'issued' then
      perform billing.settle(i, 'issued', 'invoice_issued', 'The invoice was issued.');
    when r.result = 'no_consent' then
      perform billing.settle(i, 'no_consent', 'invoice_no_consent', 'The invoice service gave no issue-token for this invoice.');
    when r.result = 'ambiguous' then
      perform billing.settle(i, 'ambiguous', 'invoice_ambiguous', 'The invoice service could not tell the recipient of this invoice from others.');
    when r.result = 'not_enough_data' then
      perform billing.settle(i, 'not_enough_data', 'invoice_not_enough_data', 'Too little is recorded to ask for an issue-token; nothing was asked.');
    when r.result = 'rejected' then
      perform billing.settle(i, 'rejected', 'invoice_rejected', 'The invoice cannot be issued as it is.');
    when i.attempts >= 25 and i.created_at < clock_timestamp() - interval '3 days' then
      perform billing.settle(i, 'given_up', 'invoice_given_up', 'The invoice could not be issued in all attempts.');
    else
      perform billing.wait_again(i, r.retry_after);
  end case;
  perform billing.tell_breaker(i, r.result, r.retry_after);
  select known.state into state from billing.invoices as known where known.id = i.id;
  if r.result = 'issued' and r.next_worker_id is not null then
    v_next := billing.claim_next(i, r.next_worker_id, v_slot);
    next := case when v_next.invoice_id is not null then to_jsonb(v_next) end;
  end if;
  return next;
end
$$;
comment on function billing.finish_invoice is 'In: how an attempt ended (billing.invoice_report). Out: the new state, null: the report is stale; the claim of another invoice of the same recipient, null: none is due.';
grant execute on function billing.finish_invoice to sync_worker;
