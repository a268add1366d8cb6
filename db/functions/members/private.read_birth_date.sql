-- A date as Norwegians and programs write it, anywhere in what was typed. What is no day of the calendar is no date.
create or replace function private.read_birth_date(p_text text)
returns date
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_day text[] := regexp_match(p_text, '(?<![0-9])([0-9]{1,2})[.]([0-9]{1,2})[.]([0-9]{4})(?![0-9])');
begin
  if v_day is not null then
    v_day := array[v_day[3], v_day[2], v_day[1]];
  else
    v_day := regexp_match(p_text, '(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})(?![0-9])');
  end if;
  return make_date(v_day[1]::integer, v_day[2]::integer, v_day[3]::integer);
exception when datetime_field_overflow then
  return null;
end
$$;
comment on function private.read_birth_date is 'In: what a coordinator typed. Out: the birth date in it (2.1.1980 or 1980-01-02), or null.';
