-- The operator's way (npm run member:erase -- --receipt FILE).
create or replace function worker.take_receipt(erasure_id uuid)
returns text
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return private.give_receipt(take_receipt.erasure_id, 'operator');
end
$$;
comment on function worker.take_receipt is 'In: an erasure. Out: its receipt, given out now; null: it was given before, or is not there yet.';
grant execute on function worker.take_receipt to sync_worker;
