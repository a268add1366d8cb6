-- A number is a municipality only together with a year. Forwards and backwards alike: a split or a merger on the way gives several, and then nobody
-- but the address knows which one it is.
create or replace function private.municipality_in_year(p_code text, p_from integer, p_to integer)
returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_codes text[] := array[p_code];
  v_year integer := p_from;
begin
  while v_year < p_to loop
    v_year := v_year + 1;
    v_codes := array(
      select distinct coalesce(c.new_code, k.code) from unnest(v_codes) as k(code)
      left join reporting.municipality_changes as c on c.year = v_year and c.old_code = k.code order by 1);
  end loop;
  while v_year > p_to loop
    v_codes := array(
      select distinct coalesce(c.old_code, k.code) from unnest(v_codes) as k(code)
      left join reporting.municipality_changes as c on c.year = v_year and c.new_code = k.code order by 1);
    v_year := v_year - 1;
  end loop;
  return v_codes;
end
$$;
comment on function private.municipality_in_year is 'In: a municipality number, the year it is from, another year. Out: the numbers that it, or parts of it, have in that year, or are made of.';
