-- Who looks after a case does so for seven days from the last thing they did about it.
create or replace function private.is_assigned(p_assigned_to uuid, p_assigned_until timestamptz)
returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select p_assigned_to is not null and p_assigned_until > now()
$$;
comment on function private.is_assigned is 'In: whom a case was assigned to, until when. Out: whether it still is.';
grant execute on function private.is_assigned to authenticated; -- called by views
