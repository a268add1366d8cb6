-- A number that was no county or municipality in that year is a mistake, and a sum without it would hide it.
create or replace function private.why_not_area(p_area_year integer, p_counties text[], p_municipalities text[])
returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when not exists (select from reporting.divisions as d where d.year = p_area_year) then 'division_unknown'
    when num_nonnulls(p_counties, p_municipalities) <> 1 then 'area_unusable'
    when coalesce(cardinality(p_counties), cardinality(p_municipalities)) not between 1 and 400 then 'area_unusable'
    when exists (
      select from unnest(coalesce(p_counties, p_municipalities)) as k(code)
      where k.code is null or length(k.code) <> case when p_counties is null then 4 else 2 end
        or private.place_name(k.code, p_area_year) is null) then 'area_unusable'
  end
$$;
comment on function private.why_not_area is 'In: the year of the numbers; numbers of counties, or of municipalities. Out: code of the refusal; null: there are such places.';
