-- What a file says: a number of today or of an earlier division (a spreadsheet may have lost its first 0), a number with a name after it, or a
-- name in any of its languages. The newest municipality of that number or name is meant. Two of one name are told apart by the county in brackets.
create or replace function private.read_municipality(p_written text)
returns table (code text, year integer)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last constant integer := (select max(d.year) from reporting.divisions as d);
  v_code constant text := lpad(substring(p_written from '^\s*([0-9]{3,4})(?:\s|$)'), 4, '0');
  v_name constant text := private.lower_letters(normalize(btrim(regexp_replace(p_written, '\s+kommune\s*$', '', 'i')), NFD));
begin
  return query
  with known as (
    select m.code, coalesce(m.last_year, v_last) as year from reporting.municipalities as m
    where case when v_code is not null then m.code = v_code else private.lower_letters(normalize(m.name, NFD)) = v_name
      or private.lower_letters(normalize(regexp_replace(m.name, '\s+\([^)]*\)$', ''), NFD)) = v_name
      or v_name = any (string_to_array(private.lower_letters(normalize(m.name, NFD)), ' - ')) end
  ), newest as (
    select distinct k.code, k.year from known as k where k.year = (select max(other.year) from known as other)
  )
  select n.code, n.year from newest as n where (select count(*) from newest) = 1;
end
$$;
comment on function private.read_municipality is 'In: a municipality as a file has it. Out: its number and the newest year of that number; no row: it is none, or may be one of several.';
