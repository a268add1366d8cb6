-- The check of a number that personnummer/ makes with a library, as far as a text needs it: a date in one of the ways numbers carry one (day
-- + 40; month + 40, 65 or 80), and control digits by the present rule or the one from 2032 (national-identity-number, sections 1 to 3).
create or replace function private.controls_hold(p_digits text)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select substr(p_digits, 1, 2)::integer % 40 between 1 and 31 and substr(p_digits, 1, 2)::integer < 72
    and substr(p_digits, 3, 2) ~ '^(0[1-9]|1[0-2]|4[1-9]|5[0-2]|6[6-9]|7[0-7]|8[1-9]|9[0-2])$'
    and (select sum(substr(p_digits, w.nth::integer, 1)::integer * w.weight) % 11 between 0 and 3
         from unnest(array[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) with ordinality as w(weight, nth))
    and (select sum(substr(p_digits, w.nth::integer, 1)::integer * w.weight) % 11 = 0
         from unnest(array[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) with ordinality as w(weight, nth))
$$;
comment on function private.controls_hold is 'In: eleven digits. Out: whether they could be a personnummer, a D-number, or one of the numbers made like them.';
grant execute on function private.controls_hold to audit_owner; -- private.holds_number calls it
grant execute on function private.controls_hold to billing_owner; -- checks of invoices ask it
