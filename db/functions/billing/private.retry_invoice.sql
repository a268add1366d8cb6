-- Refusals go the way that all go; the invoice itself is another owner's.
create or replace function private.retry_invoice(p_invoice_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_code constant text := billing.retry_invoice(private.coordinator_organizations(), p_invoice_id);
begin
  return case when v_code is null then jsonb_build_object('invoice_id', p_invoice_id)
    else private.refuse('retry_invoice', v_code, p_invoice_id) end;
end
$$;
comment on function private.retry_invoice is 'See api.retry_invoice.';
grant execute on function private.retry_invoice to authenticated;
