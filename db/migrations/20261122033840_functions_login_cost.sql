-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.actor.sql
-- Audit rows name who acted: a coordinator is known by the access token that PostgREST has verified, a program by its login.
create or replace function private.actor()
returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce(
    'coordinator:' || nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', ''),
    session_user::text
  );
end
$$;
comment on function private.actor is 'Out: coordinator:<user id> when called through PostgREST, otherwise the database login.';
-- end db/functions/private.actor.sql

-- begin db/functions/private.record_event.sql
-- The only writer of audit.events. The message carries no member id of the organisation's: some organisations use numbers
-- of eleven digits there, and an audit row must never look as if it held a personnummer.
create or replace function private.record_event(
  p_event text, p_source text, p_organization_id uuid, p_message text,
  p_member_id uuid default null, p_observation_id uuid default null,
  p_conflict_id uuid default null, p_push_id uuid default null, p_detail jsonb default '{}'
)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  insert into audit.events
    (event, source, actor, organization_id, message, member_id, observation_id, conflict_id, push_id, detail)
  values
    (p_event, p_source, private.actor(), p_organization_id, p_message, p_member_id, p_observation_id, p_conflict_id, p_push_id, p_detail);
end
$$;
comment on function private.record_event is 'In: one thing that happened. Appends it to audit.events with the time and the actor.';
-- end db/functions/private.record_event.sql

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

-- begin db/functions/private.outcome_sentence.sql
-- One sentence for the audit. Mission document 1 asks for the words 'confirmed, no change'.
create or replace function private.outcome_sentence(p_observation registry.observations)
returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return format(
    case p_observation.outcome
      when 'filled' then 'The missing personnummer was filled with %2$s from %1$s.'
      when 'confirmed' then 'confirmed, no change: %1$s brought the recorded personnummer %2$s.'
      when 'conflict' then 'The record has another personnummer than %1$s brought (%2$s); the record was left as it is.'
      when 'duplicate' then 'Another member of the organisation has the personnummer that %1$s brought (%2$s); nothing was overwritten.'
      when 'absent' then 'Ordinary login by %1$s without a personnummer to store (%3$s).'
      when 'unlinked' then 'No member matches the login by %1$s.'
      when 'ambiguous' then 'The login by %1$s points at members without proving to be one of them; none was chosen.'
      when 'name_mismatch' then 'A member matches the login by %1$s, but name or birth date disagrees; they were not linked.'
      when 'deferred' then 'The login by %1$s could not be matched (SQLSTATE %4$s); it will be processed again.'
    end,
    p_observation.source, p_observation.personnummer_masked, replace(p_observation.absent_reason::text, '_', ' '),
    p_observation.deferred_sqlstate);
end
$$;
comment on function private.outcome_sentence is 'In: a decided observation. Out: one sentence for people, the number masked.';
-- end db/functions/private.outcome_sentence.sql

-- begin db/functions/private.confirm_known_login.sql
-- The daily case, answered by one statement: a login that is linked brings the very number that its member's record has. Then
-- no other question can change the outcome, and none is asked. Whatever is not exactly so takes the long way, where the same
-- login gets the same answer. No lock is needed: nothing follows from the row but its audit event, and a repeated call finds
-- the id taken.
create or replace function private.confirm_known_login(
  p_id uuid, p_organization text, p_provider text, p_issuer text, p_subject text, p_acr text, p_authenticated_at timestamptz,
  p_personnummer_index text, p_personnummer_index_previous text[], p_personnummer_sealed text, p_personnummer_masked text,
  p_given_name text, p_family_name text, p_birth_date date,
  p_phone text, p_phone_verified boolean, p_email text, p_email_verified boolean
)
returns uuid
language plpgsql volatile
set search_path = ''
as $$
declare
  v_member_id uuid;
begin
  with stored as (
    insert into registry.observations as o (id, organization_id, provider, source, issuer, subject, acr, authenticated_at,
      outcome, settled_at, member_id, explanation,
      personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked,
      given_name, family_name, birth_date, phone, phone_verified, email, email_verified)
    select p_id, g.id, p.provider, (p.provider || '-login')::registry.source, p_issuer, p_subject, p_acr, p_authenticated_at,
      'confirmed', clock_timestamp(), m.id, '{"rung": "link"}',
      p_personnummer_index, coalesce(p_personnummer_index_previous, '{}'), p_personnummer_sealed, p_personnummer_masked,
      p_given_name, p_family_name, p_birth_date, p_phone, coalesce(p_phone_verified, false), p_email, coalesce(p_email_verified, false)
    from registry.organizations as g
    join registry.identity_providers as p on p.organization_id = g.id
    join registry.identity_links as l on l.organization_id = g.id
    join registry.members as m on m.id = l.member_id
    where g.slug = p_organization and g.capture and p.provider::text = p_provider
      and l.issuer = p_issuer and l.subject = p_subject and l.revoked_at is null
      and m.personnummer_index = p_personnummer_index
    on conflict (id) do nothing
    returning o
  )
  select (stored.o).member_id into v_member_id
  from stored
  cross join lateral private.record_event('confirmed', (stored.o).source::text, (stored.o).organization_id,
    private.outcome_sentence(stored.o), (stored.o).member_id, (stored.o).id, p_detail => private.outcome_detail(stored.o, null));
  return v_member_id;
exception when query_canceled or others then
  -- If the long way meets the same fault, it keeps the evidence with it; if not, the server's log tells of this one.
  raise warning 'A login took the long way: SQLSTATE % in private.confirm_known_login.', SQLSTATE;
  return null;
end
$$;
comment on function private.confirm_known_login is 'In: what login.record_observation was given. Out: the member, when the login is linked and the record has just the observed number; the observation is stored as confirmed, with its audit event. Otherwise null, and nothing is written.';
-- end db/functions/private.confirm_known_login.sql

-- begin db/functions/private.new_observation.sql
-- Begins a row: whose login it is, and whether a number may be kept at all. While an organisation has not recorded its legal
-- basis the number is dropped here, before anything is stored (design section 7). One statement builds the whole row: every
-- login runs it, and a column set by an assignment of its own costs as much as a small look-up.
create or replace function private.new_observation(
  p_id uuid, p_organization text, p_provider text, p_issuer text, p_subject text, p_acr text, p_authenticated_at timestamptz,
  p_personnummer_index text, p_personnummer_index_previous text[], p_personnummer_sealed text, p_personnummer_masked text,
  p_given_name text, p_family_name text, p_birth_date date,
  p_phone text, p_phone_verified boolean, p_email text, p_email_verified boolean,
  p_absent_reason text, p_inconsistency text, p_link_session_id uuid
)
returns registry.observations
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations;
begin
  if p_absent_reason <> all (enum_range(null::registry.absent_reason)::text[])
    or p_inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  select p_id, g.id, p.provider, (p_provider || '-login')::registry.source,
    p_issuer, p_subject, p_acr, p_authenticated_at, clock_timestamp(), '{}'::jsonb,
    absence.reason::registry.absent_reason, p_inconsistency::registry.inconsistency,
    case when p_link_session_id is not null then private.session_member(p_link_session_id, g.id) end,
    case when absence.reason is null then p_personnummer_index end,
    case when absence.reason is null then coalesce(p_personnummer_index_previous, '{}'::text[]) else '{}'::text[] end,
    case when absence.reason is null then p_personnummer_sealed end,
    case when absence.reason is null then p_personnummer_masked end,
    p_given_name, p_family_name, p_birth_date,
    p_phone, coalesce(p_phone_verified, false), p_email, coalesce(p_email_verified, false)
  into o.id, o.organization_id, o.provider, o.source,
    o.issuer, o.subject, o.acr, o.authenticated_at, o.received_at, o.explanation,
    o.absent_reason, o.inconsistency,
    o.requested_member_id,
    o.personnummer_index,
    o.personnummer_index_previous,
    o.personnummer_sealed,
    o.personnummer_masked,
    o.given_name, o.family_name, o.birth_date,
    o.phone, o.phone_verified, o.email, o.email_verified
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  cross join lateral (select case
    when p_absent_reason is not null then p_absent_reason
    when p_personnummer_index is null then 'not_given'
    when not g.capture then 'capture_off'
  end) as absence (reason)
  where g.slug = p_organization and p.provider::text = p_provider;
  if not found then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  return o;
end
$$;
comment on function private.new_observation is 'In: what login.record_observation was given. Out: a row begun, with absent_reason set and without the number when no number may be kept. Raises PN001, PN002.';
-- end db/functions/private.new_observation.sql

-- begin db/functions/login.record_observation.sql
-- The door for a login: one call, one row, one round trip. A repeated call with the same id changes nothing and answers the
-- same, so the callback may repeat it when a connection breaks and it cannot know whether the first one arrived (C10).
create or replace function login.record_observation(
  inout observation_id uuid, organization text, provider text, issuer text, subject text, authenticated_at timestamptz,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  given_name text default null, family_name text default null, birth_date date default null,
  phone text default null, phone_verified boolean default false, email text default null, email_verified boolean default false,
  absent_reason text default null, inconsistency text default null, acr text default null,
  personnummer_index_previous text[] default null, link_session_id uuid default null,
  out outcome text, out member_id uuid, out ask_consent boolean
)
language plpgsql volatile security definer
set search_path = ''
set lock_timeout = '1s'
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  o registry.observations;
begin
  if num_nonnulls(record_observation.absent_reason, record_observation.inconsistency, record_observation.link_session_id) = 0 then
    member_id := private.confirm_known_login(record_observation.observation_id, record_observation.organization,
      record_observation.provider, record_observation.issuer, record_observation.subject, record_observation.acr,
      record_observation.authenticated_at, record_observation.personnummer_index, record_observation.personnummer_index_previous,
      record_observation.personnummer_sealed, record_observation.personnummer_masked,
      record_observation.given_name, record_observation.family_name, record_observation.birth_date,
      record_observation.phone, record_observation.phone_verified, record_observation.email, record_observation.email_verified);
    if member_id is not null then
      outcome := 'confirmed';
      ask_consent := false;
      return;
    end if;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('observation ' || record_observation.observation_id, 0));
  select known.* into o from registry.observations as known where known.id = record_observation.observation_id;
  if not found then
    o := private.new_observation(record_observation.observation_id, record_observation.organization, record_observation.provider,
      record_observation.issuer, record_observation.subject, record_observation.acr, record_observation.authenticated_at,
      record_observation.personnummer_index, record_observation.personnummer_index_previous,
      record_observation.personnummer_sealed, record_observation.personnummer_masked,
      record_observation.given_name, record_observation.family_name, record_observation.birth_date,
      record_observation.phone, record_observation.phone_verified, record_observation.email, record_observation.email_verified,
      record_observation.absent_reason, record_observation.inconsistency, record_observation.link_session_id);
    o := private.keep_observation(o);
  elsif (o.issuer, o.subject) is distinct from (record_observation.issuer, record_observation.subject) then
    raise exception 'The observation id belongs to another login.' using errcode = 'PN003';
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := case o.outcome when 'deferred' then private.known_member(o) else o.member_id end;
  ask_consent := o.absent_reason is not distinct from 'not_consented' and private.may_ask_consent(o);
end
$$;
comment on function login.record_observation is 'In: one verified login; phone in E.164 form; no number in clear; link_session_id: the session of a member who asks for this login to be linked. Out: observation id, outcome, member (null when none), and whether the member is to be asked for consent. Errors PN001 to PN003.';
grant execute on function login.record_observation to auth_callback;
-- end db/functions/login.record_observation.sql

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

-- begin db/functions/private.settle_observation.sql
-- The decision, from the first question to the last row. Everything it writes is in the transaction of the login's one call.
create or replace function private.settle_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
  v_found private.finding;
  v_judged private.judgement;
begin
  v_found := private.find_member(o);
  o.member_id := v_found.member_id;
  o.explanation := v_found.explanation;
  o.settled_at := clock_timestamp();
  if v_found.verdict = 'found' then
    v_judged := private.judge_number(o);
    if v_judged.outcome not in ('confirmed', 'conflict') then -- the record has no number yet
      o := private.withhold_without_consent(o);
    end if;
    o.outcome := case when o.absent_reason is null then v_judged.outcome else 'absent' end;
    if v_found.rung <> 'link' then
      perform private.link_identity(o, v_found);
    end if;
  else
    o.outcome := case v_found.verdict when 'subject_moved' then 'ambiguous' else v_found.verdict::text end::registry.outcome;
  end if;
  perform private.act_on_outcome(o, v_judged.other_member_id, v_found);
  if v_found.rung = 'link' then
    perform private.renew_consent(o);
  end if;
  return o;
end
$$;
comment on function private.settle_observation is 'In: an observation. Out: the same with outcome, member and explanation, after everything that follows from it was written.';
-- end db/functions/private.settle_observation.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
