-- Norwegian organisation numbers: eight digits and a control digit, modulus 11 with the weights 3 2 7 6 5 4 3 2 (Brønnøysundregistrene). What
-- would need 10 as its control digit is not given out.
create or replace function billing.is_organization_number(p_text text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select p_text ~ '^[89][0-9]{8}$' and (
    select sum(substr(p_text, n, 1)::integer * (array[3, 2, 7, 6, 5, 4, 3, 2, 1])[n]) % 11 = 0
    from generate_series(1, 9) as n)
$$;
comment on function billing.is_organization_number is 'In: a text. Out: whether it is a Norwegian organisation number.';
grant execute on function billing.is_organization_number to registry_owner; -- a check of the rows that npm run configure writes
