-- The app exchanges its code, once. A second try with the right verifier means that somebody else has both: the session ends (RFC 6749,
-- section 4.1.2). With a wrong one it says nothing of the session: codes are seen in passing, and whoever saw this one could end it.
-- No row: the code is not good; why is nobody's business outside. The code of a login that is to be linked is good for the session that
-- asked, and to anybody else it is unknown; that login may also be refused.
create or replace function login.redeem_code(
  code_hash bytea, code_challenge text, refresh_token_hash bytea, link_session_id uuid default null,
  client_id text default null, redirect_uri text default null
)
returns table (
  session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text, audience text, scope text[],
  nonce text, refused boolean
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant registry.code_request := row(redeem_code.redirect_uri, redeem_code.code_hash, redeem_code.code_challenge,
    redeem_code.client_id, null, null);
  s registry.sessions;
  p registry.link_proposals;
  v_linked record;
begin
  -- Used up also by a wrong verifier: a code is guessed at most once. Of several at once the first one finds it unused.
  update registry.sessions as known set code_used_at = now()
  where known.code_hash = redeem_code.code_hash
    and known.code_used_at is null and known.ended_at is null and known.code_expires_at > now()
  returning known.* into s;
  if found then
    if private.code_is_for(row(s.return_to, s.code_hash, s.code_challenge, s.client_id, s.scope, s.nonce), r) then
      insert into registry.refresh_tokens (token_hash, session_id) values (redeem_code.refresh_token_hash, s.id);
      return query select d.*, false from private.describe_session(s.id) as d;
    end if;
    return;
  end if;
  select known.* into p from registry.link_proposals as known
  where known.code_hash = redeem_code.code_hash and known.session_id = redeem_code.link_session_id;
  if found then
    v_linked := private.redeem_link(p, r, redeem_code.refresh_token_hash);
    return query select d.*, false from private.describe_session(v_linked.session_id) as d;
    return query select null::uuid, null::uuid, null::uuid, null::uuid, null::text, null::text, null::text[], null::text, true where v_linked.refused;
    if v_linked.session_id is not null or v_linked.refused then
      return;
    end if; -- used meanwhile, maybe by the first of two same calls, which is answered below
  end if;
  select known.* into s from registry.sessions as known
  where known.code_hash = redeem_code.code_hash and known.code_challenge = redeem_code.code_challenge and known.code_used_at is not null
  for update;
  if not found then
    return;
  -- The same call, repeated because its answer was lost: nobody but its caller knows that token, which was never answered before.
  elsif s.ended_at is null and exists (
    select from registry.refresh_tokens as t where t.token_hash = redeem_code.refresh_token_hash and t.session_id = s.id) then
    return query select d.*, false from private.describe_session(s.id) as d;
  else
    perform private.end_session(s, 'code_replayed');
  end if;
end
$$;
comment on function login.redeem_code is 'In: SHA-256 of the code, S256 of the verifier, SHA-256 of the first refresh token; the session whose access token came along, if one did; the app and its redirect address, if it came by /authorize. Out: the session; refused: the login was not linked, and a coordinator has a case; or no row. The same again is answered the same where there is a session.';
grant execute on function login.redeem_code to auth_callback;
