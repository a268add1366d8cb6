-- The receipt, for the person. It can be had once.
create or replace function api.fetch_erasure_receipt(erasure_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.fetch_erasure_receipt(fetch_erasure_receipt.erasure_id);
end;
comment on function api.fetch_erasure_receipt is 'In: an erasure of api.erasures. Out: {"erasure_id", "receipt"}: a compact JWS whose payload lists what was erased; it is given out once. Or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.fetch_erasure_receipt to authenticated;
