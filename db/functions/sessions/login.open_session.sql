-- The database decides who is let in: a session belongs to a fresh observation whose login is linked to the member that was found,
-- still (between login and session there may be a page that asks for consent, and a coordinator), once. The same code again is the
-- same call, repeated because its answer was lost: nobody else knows a code before it was answered.
create or replace function login.open_session(
  observation_id uuid, code_hash bytea, code_challenge text, return_to text,
  client_id text default null, scope text[] default '{}', nonce text default null
)
returns boolean
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  r constant registry.code_request := row(open_session.return_to, open_session.code_hash, open_session.code_challenge,
    open_session.client_id, coalesce(open_session.scope, '{}'), open_session.nonce);
  v_session registry.sessions;
begin
  insert into registry.sessions (organization_id, member_id, observation_id, return_to, client_id, scope, nonce, code_hash, code_challenge,
    code_expires_at, expires_at)
  select o.organization_id, l.member_id, o.id, r.return_to, r.client_id, r.scope, r.nonce, r.code_hash, r.code_challenge,
    now() + interval '60 seconds', now() + private.session_lifetime('members')
  from registry.observations as o
  join registry.identity_links as l on l.organization_id = o.organization_id and l.issuer = o.issuer and l.subject = o.subject
    and (l.member_id = o.member_id or o.outcome = 'deferred')
  join registry.members as m on m.id = l.member_id and m.erased_at is null
  where o.id = open_session.observation_id and o.received_at > now() - interval '15 minutes'
    and private.may_return_to(o.organization_id, 'members', r.client_id, r.return_to)
  for key share of m
  on conflict do nothing
  returning * into v_session;
  if v_session.id is null then
    return exists (
      select from registry.sessions as s
      where s.observation_id = open_session.observation_id and s.code_hash = r.code_hash
        and s.code_challenge = r.code_challenge and s.code_used_at is null and s.ended_at is null)
      or private.give_link_code(open_session.observation_id, r);
  end if;
  perform private.record_event('session_opened', 'app', v_session.organization_id, 'The member was logged in.',
    p_member_id => v_session.member_id, p_observation_id => v_session.observation_id,
    p_detail => jsonb_build_object('session_id', v_session.id));
  return true;
end
$$;
comment on function login.open_session is 'In: an observation, SHA-256 of the new code, PKCE S256 challenge, registered return address; where it came by /authorize also the app, its scopes and its nonce. Out: whether the login is let in, or, where it is to be linked, may be redeemed by the session that asked; a repeated call answers the same. The code lives 60 seconds.';
grant execute on function login.open_session to auth_callback;
