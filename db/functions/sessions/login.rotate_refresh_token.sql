-- Refresh tokens rotate. An old one that comes again was stolen, or the new one was: the family ends (RFC 9700, section 4.14.2).
create or replace function login.rotate_refresh_token(refresh_token_hash bytea, new_refresh_token_hash bytea)
returns table (session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s registry.sessions;
  v_replaced_at timestamptz;
begin
  -- The session is locked first, and the token read after that: two uses of one token at once must not both see it unused.
  select known.* into s from registry.sessions as known
  where known.id = (select t.session_id from registry.refresh_tokens as t where t.token_hash = rotate_refresh_token.refresh_token_hash)
  for update;
  if s.id is null or s.ended_at is not null then
    return;
  end if;
  select t.replaced_at into v_replaced_at from registry.refresh_tokens as t where t.token_hash = rotate_refresh_token.refresh_token_hash;
  if v_replaced_at is not null then
    perform private.end_session(s, 'refresh_token_reused');
  elsif s.expires_at <= now() then
    perform private.end_session(s, 'expired');
  elsif not private.link_stands(s) then
    perform private.end_session(s, 'link_removed');
  else
    update registry.refresh_tokens set replaced_at = now() where token_hash = rotate_refresh_token.refresh_token_hash;
    insert into registry.refresh_tokens (token_hash, session_id) values (rotate_refresh_token.new_refresh_token_hash, s.id);
    update registry.sessions set expires_at = now() + interval '30 days' where id = s.id;
    return query select * from private.describe_session(s.id);
  end if;
end
$$;
comment on function login.rotate_refresh_token is 'In: SHA-256 of the presented and of the next refresh token. Out: the session, or no row. A session lives 30 days from its last refresh.';
grant execute on function login.rotate_refresh_token to auth_callback;
