-- A coordinator takes an invoice back that was not issued. One that is being issued at this moment may be out already.
create or replace function billing.cancel_invoice(p_organization_ids uuid[], p_invoice_id uuid, p_actor text, p_reason text)
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
  set state = 'cancelled', settled_at = clock_timestamp(), next_attempt_at = null, cancelled_by = p_actor, cancel_reason = p_reason
  where u.id = i.id
  returning * into i;
  perform billing.record_event('invoice_cancelled', 'coordinator', i, 'The invoice was cancelled.');
  return null;
end
$$;
comment on function billing.cancel_invoice is 'In: the caller''s organisations, an invoice, who and why. Out: null, or the code of a refusal.';
grant execute on function billing.cancel_invoice to registry_owner;
