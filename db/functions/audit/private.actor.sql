-- Audit rows name who acted: a coordinator is known by the access token that PostgREST has verified, a program by its login.
create or replace function private.actor()
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims constant text := current_setting('request.jwt.claims', true);
begin
  if v_claims <> '' then
    return coalesce('coordinator:' || nullif(v_claims::jsonb ->> 'sub', ''), session_user::text);
  end if;
  return session_user;
end
$$;
comment on function private.actor is 'Out: coordinator:<user id> when called through PostgREST, otherwise the database login.';
