-- The invoice goes back to waiting: for the pause that pushes have too (private.retry_pause), or, where no token may be asked for today any
-- more, until tomorrow.
create or replace function billing.wait_again(i billing.invoices, p_retry_after integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at constant timestamptz := case when i.error_code = 'look_ups_used_up'
    then ((private.today() + 1)::timestamp at time zone 'Europe/Oslo') + random() * interval '1 hour'
    else clock_timestamp() + private.retry_pause(i.attempts, p_retry_after) end;
begin
  update billing.invoices as u
  set state = 'pending', lease_expires_at = null, slot = null, next_attempt_at = v_at, looked_up_by = i.looked_up_by,
      error_code = i.error_code, http_status = i.http_status
  where u.id = i.id;
  perform billing.queue(i, v_at);
  perform billing.record_event('invoice_attempt_failed', 'worker', i, format('Attempt %s to issue the invoice failed (%s); it will be tried again.',
    i.attempts, i.error_code), jsonb_build_object('attempt', i.attempts));
end
$$;
comment on function billing.wait_again is 'In: a locked invoice with what the attempt came to, Retry-After in seconds or null. Puts it back.';
