-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/login.open_session.sql
-- The database decides who is let in: a session belongs to a fresh observation that found a member, once. The same code
-- again is the same call, repeated because its answer was lost: nobody else knows a code before it was answered.
create or replace function login.open_session(observation_id uuid, code_hash bytea, code_challenge text, return_to text)
returns boolean
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_session registry.sessions;
begin
  insert into registry.sessions (organization_id, member_id, observation_id, return_to, code_hash, code_challenge, code_expires_at, expires_at)
  select o.organization_id, m.id, o.id, open_session.return_to, open_session.code_hash, open_session.code_challenge,
    now() + interval '60 seconds', now() + interval '30 days'
  from registry.observations as o
  join registry.organizations as g on g.id = o.organization_id and open_session.return_to = any (g.return_to)
  join registry.members as m on m.id = case o.outcome when 'deferred' then private.known_member(o) else o.member_id end
  where o.id = open_session.observation_id and o.received_at > now() - interval '15 minutes'
  on conflict do nothing
  returning * into v_session;
  if v_session.id is null then
    return exists (
      select from registry.sessions as s
      where s.observation_id = open_session.observation_id and s.code_hash = open_session.code_hash
        and s.code_challenge = open_session.code_challenge and s.code_used_at is null and s.ended_at is null);
  end if;
  perform private.record_event('session_opened', 'app', v_session.organization_id, 'The member was logged in.',
    p_member_id => v_session.member_id, p_observation_id => v_session.observation_id,
    p_detail => jsonb_build_object('session_id', v_session.id));
  return true;
end
$$;
comment on function login.open_session is 'In: an observation, SHA-256 of the new code, PKCE S256 challenge, registered return address. Out: whether the login is let in; a repeated call answers the same. The code lives 60 seconds.';
grant execute on function login.open_session to auth_callback;
-- end db/functions/login.open_session.sql

-- begin db/functions/login.admit.sql
-- Opens the session in the same statement that records the login: one call and one commit where there were two. Nothing that
-- goes wrong here may take the observation with it, nor wait for long: the fault is undone and told, and the callback then
-- opens the session by itself. query_canceled is named because OTHERS leaves it out, and statement_timeout raises it.
create or replace function login.admit(
  observation_id uuid, member_id uuid, ask_consent boolean, code_hash bytea, code_challenge text, return_to text
)
returns text
language plpgsql volatile security definer
set search_path = ''
set lock_timeout = '500ms'
as $$
begin
  if admit.member_id is null or admit.ask_consent then
    return 'not_now';
  elsif login.open_session(admit.observation_id, admit.code_hash, admit.code_challenge, admit.return_to) then
    return 'opened';
  end if;
  return 'refused';
exception when query_canceled or others then
  return SQLSTATE;
end
$$;
comment on function login.admit is 'In: what login.record_observation answered, then as login.open_session. Out: opened, refused, not_now (nobody is let in yet), or the SQLSTATE of a fault.';
grant execute on function login.admit to auth_callback;
-- end db/functions/login.admit.sql

-- begin db/functions/login.redeem_code.sql
-- The app exchanges its code, once. A second try means that somebody else has the code too: the session ends (RFC 6749,
-- section 4.1.2). Zero rows is the only refusal; why is nobody's business outside.
create or replace function login.redeem_code(code_hash bytea, code_challenge text, refresh_token_hash bytea)
returns table (session_id uuid, user_id uuid, member_id uuid, organization_id uuid, organization text)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  s registry.sessions;
begin
  -- Used up also by a wrong verifier: a code is guessed at most once. Of several at once the first one finds it unused.
  update registry.sessions as known set code_used_at = now()
  where known.code_hash = redeem_code.code_hash
    and known.code_used_at is null and known.ended_at is null and known.code_expires_at > now()
  returning known.* into s;
  if found then
    if s.code_challenge = redeem_code.code_challenge then
      insert into registry.refresh_tokens (token_hash, session_id) values (redeem_code.refresh_token_hash, s.id);
      return query select * from private.describe_session(s.id);
    end if;
    return;
  end if;
  select known.* into s from registry.sessions as known
  where known.code_hash = redeem_code.code_hash and known.code_used_at is not null
  for update;
  if found then
    perform private.end_session(s, 'code_replayed');
  end if;
end
$$;
comment on function login.redeem_code is 'In: SHA-256 of the code, S256 of the verifier, SHA-256 of the first refresh token. Out: the session, or no row.';
grant execute on function login.redeem_code to auth_callback;
-- end db/functions/login.redeem_code.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
