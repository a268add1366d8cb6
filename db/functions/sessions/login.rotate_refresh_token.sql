-- Refresh tokens rotate. The one before the current may come again for a minute: an answer is lost, or two refreshes meet. It then brings
-- the same next token, which the caller makes of it and the salt, so that there is one chain and never two side by side. Any older one
-- was stolen, or a newer one was: the family ends (RFC 9700, section 4.14.2).
create or replace function login.rotate_refresh_token(
  refresh_token_hash bytea, new_salt bytea, new_refresh_token_hash bytea, client_id text default null
)
returns table (
  session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text, audience text, scope text[], nonce text, salt bytea
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  s registry.sessions;
  t registry.refresh_tokens;
begin
  -- The session is locked first, and the token read after that: of two uses at once the second one must see what the first one did.
  select known.* into s from registry.sessions as known
  where known.id = (select k.session_id from registry.refresh_tokens as k where k.token_hash = rotate_refresh_token.refresh_token_hash)
  for update;
  -- Of another app: as good as unknown, and no reason to end anything (RFC 6749, section 6).
  if s.id is null or s.ended_at is not null or s.client_id is distinct from rotate_refresh_token.client_id then
    return;
  end if;
  select k.* into t from registry.refresh_tokens as k where k.token_hash = rotate_refresh_token.refresh_token_hash;
  if t.replaced_at is not null and (t.successor_salt is null or t.replaced_at <= now() - interval '60 seconds') then
    perform private.end_session(s, 'refresh_token_reused');
  elsif s.expires_at <= now() then
    perform private.end_session(s, 'expired');
  elsif not private.link_stands(s) then
    perform private.end_session(s, 'link_removed');
  else
    if t.replaced_at is null then
      t.successor_salt := rotate_refresh_token.new_salt;
      -- Only the token before the current one may come again, so only it keeps its salt.
      update registry.refresh_tokens as k set successor_salt = null where k.session_id = s.id and k.successor_salt is not null;
      update registry.refresh_tokens as k set replaced_at = now(), successor_salt = t.successor_salt where k.token_hash = t.token_hash;
      insert into registry.refresh_tokens (token_hash, session_id) values (rotate_refresh_token.new_refresh_token_hash, s.id);
      update registry.sessions as known set expires_at = private.session_end(s.audience, s.opened_at)
      where known.id = s.id;
    end if;
    return query select d.*, t.successor_salt from private.describe_session(s.id) as d;
  end if;
end
$$;
comment on function login.rotate_refresh_token is 'In: SHA-256 of the presented token, a fresh salt, SHA-256 of the next token, which is made of the presented one and that salt; the app, if it came by /authorize. Out: the session and the salt that its next token is made with (an earlier one where the token came again), or no row. A member''s session lives 30 days from its last refresh, a coordinator''s 12 hours, and a day in all.';
grant execute on function login.rotate_refresh_token to auth_callback;
