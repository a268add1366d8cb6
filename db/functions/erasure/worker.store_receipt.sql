-- The receipt of an erasure waits here until it is fetched. It is made once.
create or replace function worker.store_receipt(erasure_id uuid, receipt text)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
begin
  update audit.erasures as e set receipt_digest = sha256(convert_to(store_receipt.receipt, 'UTF8'))
  where e.id = store_receipt.erasure_id and e.state = 'erased' and e.receipt_digest is null
  returning e.organization_id into v_organization_id;
  if not found then
    return false;
  end if;
  insert into registry.erasure_receipts (erasure_id, organization_id, receipt)
  values (store_receipt.erasure_id, v_organization_id, store_receipt.receipt);
  return true;
end
$$;
comment on function worker.store_receipt is 'In: an erasure that was carried out, its receipt (a compact JWS). Out: whether it was stored (false: it has one already).';
grant execute on function worker.store_receipt to sync_worker;
