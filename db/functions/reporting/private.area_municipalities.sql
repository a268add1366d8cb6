-- Counties pay by their own borders, one even by those of a county that is no more. A municipality of the base year is within an area when
-- everything that it was, or became, in the year of the area's numbers is.
create or replace function private.area_municipalities(p_base_year integer, p_area_year integer, p_counties text[], p_municipalities text[])
returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(m.code order by m.code)
  from reporting.municipalities as m
  cross join lateral private.municipality_in_year(m.code, p_base_year, p_area_year) as then_(codes)
  where m.first_year <= p_base_year and coalesce(m.last_year, p_base_year) >= p_base_year
    and case when p_counties is not null
      then (select bool_and(left(k.code, 2) = any (p_counties)) from unnest(then_.codes) as k(code))
      else then_.codes <@ p_municipalities end
$$;
comment on function private.area_municipalities is 'In: base year; the year of the numbers; numbers of counties, or of municipalities. Out: the municipalities of the base year that lie in that area; null: none.';
