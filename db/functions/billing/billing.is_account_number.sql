-- Norwegian account numbers: ten digits and a control digit, modulus 11 with the weights 5 4 3 2 7 6 5 4 3 2 (Bits).
create or replace function billing.is_account_number(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_text ~ '^[0-9]{11}$' and (
    select sum(substr(p_text, n, 1)::integer * (array[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])[n]) % 11 = 0
    from generate_series(1, 11) as n)
$$;
comment on function billing.is_account_number is 'In: a text. Out: whether it is a Norwegian account number.';
grant execute on function billing.is_account_number to registry_owner; -- a check of the rows that npm run configure writes
