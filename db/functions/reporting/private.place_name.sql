-- Places are named as they were called in the year that is reported.
create or replace function private.place_name(p_code text, p_year integer)
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select k.name from (
    select c.code, c.name, c.first_year, c.last_year from reporting.counties as c where c.code = p_code
    union all
    select m.code, m.name, m.first_year, m.last_year from reporting.municipalities as m where m.code = p_code
  ) as k where k.first_year <= p_year and coalesce(k.last_year, p_year) >= p_year
$$;
comment on function private.place_name is 'In: number of a county or municipality, a year. Out: its name in that year.';
