-- Refusals go the way that all go; the invoice itself is another owner's.
create or replace function private.cancel_invoice(p_invoice_id uuid, p_reason text)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reason constant text := btrim(p_reason);
  v_code text;
begin
  v_code := case
    when coalesce(v_reason, '') = '' then 'text_missing'
    when length(v_reason) > 500 then 'reason_too_long'
    when private.holds_number(v_reason) then 'number_in_note'
    else billing.cancel_invoice(private.coordinator_organizations(), p_invoice_id, private.actor(), v_reason)
  end;
  return case when v_code is null then jsonb_build_object('invoice_id', p_invoice_id)
    else private.refuse('cancel_invoice', v_code, p_invoice_id) end;
end
$$;
comment on function private.cancel_invoice is 'See api.cancel_invoice.';
grant execute on function private.cancel_invoice to authenticated;
