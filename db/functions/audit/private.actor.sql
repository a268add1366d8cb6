-- Audit rows name who acted: whoever calls the API is known by the access token that PostgREST has verified, a program by its login. Only a
-- token of our callback says that it is a member's. Which member stands in the event; the user id would be left there after the person is erased,
-- and the app knows it.
create or replace function private.actor()
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claims constant text := current_setting('request.jwt.claims', true);
begin
  if v_claims <> '' then
    if v_claims::jsonb -> 'app_metadata' ->> 'audience' = 'members' then
      return 'member';
    end if;
    return coalesce('coordinator:' || nullif(v_claims::jsonb ->> 'sub', ''), session_user::text);
  end if;
  return session_user;
end
$$;
comment on function private.actor is 'Out: member, or coordinator:<user id>, when called through PostgREST, otherwise the database login.';
