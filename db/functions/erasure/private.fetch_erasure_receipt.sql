-- A coordinator fetches the receipt, to hand it on to the person.
create or replace function private.fetch_erasure_receipt(p_erasure_id uuid)
returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  e audit.erasures;
  v_receipt text;
begin
  select known.* into e from audit.erasures as known
  where known.id = p_erasure_id and known.organization_id = any (private.coordinator_organizations());
  v_receipt := private.give_receipt(e.id, 'coordinator') where e.id is not null;
  if v_receipt is null then
    select known.* into e from audit.erasures as known where known.id = e.id; -- a colleague may have fetched it at this moment
    return private.refuse('fetch_erasure_receipt',
      case when e.id is null then 'not_found' when e.receipt_digest is null then 'erasure_not_done'
        when e.receipt_digest is not null then 'receipt_given' end, p_erasure_id);
  end if;
  return jsonb_build_object('erasure_id', e.id, 'receipt', v_receipt);
end
$$;
comment on function private.fetch_erasure_receipt is 'See api.fetch_erasure_receipt.';
grant execute on function private.fetch_erasure_receipt to authenticated;
