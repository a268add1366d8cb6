-- Colleagues know each other by name; who has none recorded, or was removed meanwhile, is still told from the others.
create or replace function private.coordinator_name(p_name text, p_email text, p_user_id uuid)
returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(p_name, p_email, 'user ' || left(p_user_id::text, 8))
$$;
comment on function private.coordinator_name is 'In: name, e-mail address and user id of a coordinator; the first two null where the row is gone. Out: what pages call the coordinator; null for nobody.';
grant execute on function private.coordinator_name to authenticated;
