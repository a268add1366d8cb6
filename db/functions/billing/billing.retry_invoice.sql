-- A coordinator has an invoice tried again: at once where it waits, anew where it ended without being issued. Consent is asked anew, and the
-- ceiling of look-ups stays.
create or replace function billing.retry_invoice(p_organization_ids uuid[], p_invoice_id uuid)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  i billing.invoices;
  v_code text;
begin
  select k.* into i from billing.invoices as k where k.id = p_invoice_id and k.organization_id = any (p_organization_ids) for update;
  v_code := case when i.id is null then 'not_found' when i.state in ('issuing', 'issued', 'cancelled') then 'invoice_not_open' end;
  if v_code is not null then
    return v_code;
  end if;
  update billing.invoices as u
  set state = 'pending', settled_at = null, next_attempt_at = clock_timestamp(), attempts = 0,
      looked_up_by = null, error_code = null, http_status = null
  where u.id = i.id
  returning * into i;
  perform billing.queue(i);
  perform billing.record_event('invoice_requeued', 'coordinator', i, 'A coordinator has the invoice tried again.');
  update billing.breakers as b set probe_at = clock_timestamp() where b.organization_id = i.organization_id and b.state = 'open';
  return null;
end
$$;
comment on function billing.retry_invoice is 'In: the caller''s organisations, an invoice. Out: null, or the code of a refusal. Where the breaker is open, its next probe comes at once.';
grant execute on function billing.retry_invoice to registry_owner;
