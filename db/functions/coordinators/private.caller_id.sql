-- Who calls the API: the subject of the access token that PostgREST has verified, and no other claim.
create or replace function private.caller_id()
returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid
$$;
comment on function private.caller_id is 'Out: user id of the caller of the API; null without one.';
grant execute on function private.caller_id to authenticated;
