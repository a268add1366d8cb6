-- The six visible digits: day (D-number: + 40), month (synthetic: + 80), year in two digits.
create or replace function private.read_mask(p_masked text)
returns table (birth_date text, d_number boolean, synthetic boolean)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select
    to_char(d.day % 40, 'FM00') || to_char(d.month % 80, 'FM00') || d.year,
    d.day > 40,
    d.month > 80
  from (select left(p_masked, 2)::integer as day, substr(p_masked, 3, 2)::integer as month, substr(p_masked, 5, 2) as year) as d
$$;
comment on function private.read_mask is 'In: a masked number. Out: birth date as ddmmyy without the marks, whether it is a D-number, whether it is synthetic.';
