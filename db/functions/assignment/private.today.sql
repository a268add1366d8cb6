-- The day that coordinators have on the wall.
create or replace function private.today()
returns date
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select (now() at time zone 'Europe/Oslo')::date
$$;
comment on function private.today is 'Out: today in Norway.';
grant execute on function private.today to authenticated; -- called by views
grant execute on function private.today to billing_owner; -- ceilings and due dates of invoices
