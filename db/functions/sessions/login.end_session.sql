-- Signing out (RFC 7009): with the refresh token, whichever of its family, or by the session of an access token. Whether there was
-- anything to end is nobody's business.
create or replace function login.end_session(refresh_token_hash bytea, session_id uuid, client_id text)
returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s registry.sessions;
begin
  select known.* into s from registry.sessions as known
  where known.client_id is not distinct from end_session.client_id and known.id = coalesce(end_session.session_id,
    (select t.session_id from registry.refresh_tokens as t where t.token_hash = end_session.refresh_token_hash))
  for update;
  if found then
    perform private.end_session(s, 'signed_out');
  end if;
end
$$;
comment on function login.end_session is 'In: SHA-256 of a refresh token, or a session; the app, if it came by /authorize. Ends the session and its token family.';
grant execute on function login.end_session to auth_callback;
