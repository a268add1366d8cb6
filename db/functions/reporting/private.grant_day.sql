-- 29 February is the last of February in most years.
create or replace function private.grant_day(p_year integer, p_month integer, p_day integer)
returns date
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select make_date(p_year, p_month, 1) + least(p_day, extract(day from make_date(p_year, p_month, 1) + interval '1 month - 1 day')::integer) - 1
$$;
comment on function private.grant_day is 'In: year; month and day of a rule. Out: that day, or the last of the month where it has fewer.';
