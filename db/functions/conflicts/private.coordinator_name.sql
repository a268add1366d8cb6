-- How colleagues are called on pages. Who is no coordinator any more is known by the beginning of the id.
create or replace function private.coordinator_name(p_name text, p_email text, p_user_id uuid)
returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(p_name, p_email, 'user ' || left(p_user_id::text, 8))
$$;
comment on function private.coordinator_name is 'In: name, e-mail address and user id of a coordinator. Out: how to call them.';
grant execute on function private.coordinator_name to authenticated; -- called by views
