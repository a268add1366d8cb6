-- The one writer of states that an attempt ends in, and of the event that says so.
create or replace function billing.settle(i billing.invoices, p_state billing.invoice_state, p_event text, p_message text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update billing.invoices as u
  set state = p_state, settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, slot = null,
      looked_up_by = i.looked_up_by, error_code = i.error_code, http_status = i.http_status
  where u.id = i.id;
  perform billing.record_event(p_event, 'worker', i, p_message, jsonb_build_object('looked_up_by', i.looked_up_by, 'attempt', i.attempts));
end
$$;
comment on function billing.settle is 'In: a locked invoice with what the attempt came to, its state, event and sentence. Settles it.';
