-- A login transaction is single use, also when the same callback arrives a hundred times at once and at several processes.
-- One statement decides, before any token request.
create or replace function login.consume_transaction(transaction_id uuid, expires_at timestamptz)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into registry.consumed_transactions (transaction_id, expires_at)
  values (consume_transaction.transaction_id, consume_transaction.expires_at)
  on conflict do nothing;
  return found;
end
$$;
comment on function login.consume_transaction is 'In: id of a login transaction, when it expires. Out: true the first time, false ever after.';
grant execute on function login.consume_transaction to auth_callback;
