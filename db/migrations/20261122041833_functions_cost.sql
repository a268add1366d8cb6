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

-- begin db/functions/private.take_slots.sql
-- private.take_slot for many. Every push gets another place of its member system, and those for whom there is none are left out.
create or replace function private.take_slots(p_ids uuid[])
returns jsonb
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    with wanted as materialized (
      select p.id, p.organization_id, row_number() over (partition by p.organization_id order by p.id) as nth
      from sync.pushes as p where p.id = any (p_ids)
    ), free as materialized (
      select s.organization_id, n as slot, row_number() over (partition by s.organization_id order by random()) as nth
      from sync.member_systems as s
      cross join lateral (
        select n from generate_series(1, 100) as n where n <= s.concurrency
        except
        select p.slot from sync.pushes as p
        where p.organization_id = s.organization_id and p.state = 'sending' and p.lease_expires_at > clock_timestamp()
      ) as unused(n)
      where s.organization_id in (select w.organization_id from wanted as w)
    ), chosen as materialized (
      select w.id, f.organization_id, f.slot from wanted as w
      join free as f on f.organization_id = w.organization_id and f.nth = w.nth
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'slot', c.slot)), '[]')
    from chosen as c
    where pg_try_advisory_xact_lock(hashtextextended(c.organization_id || ' slot ' || c.slot, 0)));
end
$$;
comment on function private.take_slots is 'In: locked pushes. Out: a JSON list of id and slot, each locked until the transaction ends. The caller looks again whether a slot is free.';
-- end db/functions/private.take_slots.sql

-- begin db/functions/private.claim_locked.sql
-- The claim itself, for pushes that are locked and that nothing stands in the way of. Every one gets a place of its member system,
-- and those for whom there is none are left as they are.
create or replace function private.claim_locked(p_ids uuid[], p_worker_ids text[])
returns table (
  push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_slots constant jsonb := private.take_slots(p_ids);
begin
  return query
    with claimed as (
      update sync.pushes as u
      set state = 'sending', settled_at = null, attempts = u.attempts + 1, fencing_token = u.fencing_token + 1, slot = t.slot,
          leased_by = n.worker_id, lease_expires_at = clock_timestamp() + private.lease()
      from unnest(p_ids, p_worker_ids) as n(id, worker_id)
      join jsonb_to_recordset(v_slots) as t(id uuid, slot smallint) on t.id = n.id
      where u.id = n.id
        -- Looked at again under the lock of the place, as in private.take_slot.
        and not exists (
          select from sync.pushes as holder
          where holder.organization_id = u.organization_id and holder.slot = t.slot and holder.state = 'sending'
            and holder.lease_expires_at > clock_timestamp())
      returning u.*
    )
    select c.id, c.leased_by, c.fencing_token, c.attempts, g.id, g.slug, m.id, m.external_id, m.personnummer_sealed,
      m.personnummer_index, to_jsonb(s), (extract(epoch from private.lease()) * 1000)::integer, 0, c.status_url,
      coalesce(c.accepted_until < clock_timestamp(), false)
    from claimed as c
    join registry.members as m on m.id = c.member_id
    join registry.organizations as g on g.id = c.organization_id
    join sync.member_systems as s on s.organization_id = c.organization_id;
end
$$;
comment on function private.claim_locked is 'In: locked pushes, and beside each the name it is claimed under. Out: what to send and where, for those that got a place.';
-- end db/functions/private.claim_locked.sql

-- begin db/functions/private.drop_jobs_of_claimed.sql
-- A push that was claimed without its job needs none: the claim takes its place, and a lease that runs out makes a new one. One that
-- somebody is fetching at this moment stays, and finds the push taken.
create or replace function private.drop_jobs_of_claimed(p_ids uuid[])
returns void
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  perform graphile_worker.complete_jobs(array(
    select j.id from sync.pushes as p
    cross join lateral (
      select w.id from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
    where p.id = any (p_ids) and p.state = 'sending'));
end
$$;
comment on function private.drop_jobs_of_claimed is 'In: pushes that are locked by this transaction. Removes the jobs of those that it claimed.';
-- end db/functions/private.drop_jobs_of_claimed.sql

-- begin db/functions/private.erase_contacts.sql
-- Contact claims help to find the member of a login, and have served once it is settled. Organisation by organisation, so that
-- only what is due is looked at; and chosen first, then updated by id: in one statement the planner, who cannot know how many
-- "most" are, reads the whole table to join them.
create or replace function private.erase_contacts(p_most integer)
returns integer
language plpgsql volatile
set search_path = ''
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select o.id from registry.observations as o
      where o.organization_id = g.id and o.contact_erased_at is null and o.settled_at is not null and o.received_at < now() - g.contact_retention
        and not private.is_evidence(o.id)
      order by o.received_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.observations as o
  set given_name = null, family_name = null, birth_date = null, phone = null, email = null, contact_erased_at = clock_timestamp()
  where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_contacts is 'In: how many at most. Out: how many observations lost their contact claims, because the organisation''s time for them is over.';
-- end db/functions/private.erase_contacts.sql

-- begin db/functions/private.erase_numbers.sql
-- The organisation has decided how long observed numbers are kept. The member record has its own; what is erased here is the
-- trace of each login. The outcome stays. As in private.erase_contacts.
create or replace function private.erase_numbers(p_most integer)
returns integer
language plpgsql volatile
set search_path = ''
as $$
declare
  v_due constant uuid[] := array(
    select due.id from registry.organizations as g
    cross join lateral (
      select o.id from registry.observations as o
      where o.organization_id = g.id and o.personnummer_index is not null and o.settled_at is not null and o.received_at < now() - g.retention
        and not private.is_evidence(o.id)
      order by o.received_at limit p_most for update skip locked) as due
    limit p_most);
begin
  update registry.observations as o
  set personnummer_index = null, personnummer_index_previous = '{}', personnummer_sealed = null, personnummer_masked = null,
      number_erased_at = clock_timestamp()
  where o.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_numbers is 'In: how many at most. Out: how many observations lost every form of the number, because the organisation''s time for it is over.';
-- end db/functions/private.erase_numbers.sql

-- begin db/functions/private.lock_next_pushes.sql
-- The pushes that follow some that were delivered: as many of each organisation, the oldest first, that are due, whose jobs wait, and
-- that nothing stands in the way of. Record and job are looked up one by one (limit 1): however many wait, only the first few are looked at.
create or replace function private.lock_next_pushes(p_after_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (select array_agg(next.id)
  from (
    select s.organization_id, count(*) as most
    from sync.pushes as done
    join sync.member_systems as s on s.organization_id = done.organization_id and s.kind <> 'file' and s.rate_per_second is null
    where done.id = any (p_after_ids)
      and not exists (select from sync.breakers as b where b.organization_id = s.organization_id and b.state <> 'closed')
    group by s.organization_id
  ) as o
  cross join lateral (
    select p.id from sync.pushes as p
    cross join lateral (
      select from registry.members as m
      where m.id = p.member_id and m.merged_into is null and m.personnummer_index is not distinct from p.personnummer_index limit 1) as m
    cross join lateral (
      select from graphile_worker.jobs as w where w.key = 'push_personnummer:' || p.id and w.locked_at is null limit 1) as j
    where p.organization_id = o.organization_id and p.settled_at is null and p.state = 'pending'
      and p.next_attempt_at <= statement_timestamp()
      and not exists (
        select from sync.pushes as other
        where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
          and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
    order by p.next_attempt_at limit o.most
    for update of p skip locked
  ) as next);
end
$$;
comment on function private.lock_next_pushes is 'In: pushes that were delivered. Out: as many others of the same organisations, locked; null: none.';
-- end db/functions/private.lock_next_pushes.sql

-- begin db/functions/private.lock_ordinary_deliveries.sql
-- Those of some reported deliveries after which nothing is to be put right, as private.settle_push, heal_overtaken and note_success
-- would. One that somebody else has locked is left out.
create or replace function private.lock_ordinary_deliveries(p_ids uuid[], p_fencing_tokens bigint[], p_worker_ids text[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    select array_agg(locked.id)
    from (
      select p.id from unnest(p_ids, p_fencing_tokens, p_worker_ids) as r(id, fencing_token, worker_id)
      join sync.pushes as p on p.id = r.id
      where p.state = 'sending' and p.fencing_token = r.fencing_token and p.leased_by = r.worker_id
        and not exists (
          select from sync.breakers as b
          where b.organization_id = p.organization_id and (b.state <> 'closed' or b.failures > 0))
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and ((other.state = 'given_up' and other.next_attempt_at is not null)
              or (other.created_at >= p.created_at and other.state in ('sending', 'delivered')
                and other.personnummer_index is distinct from p.personnummer_index)))
        and not exists (
          select from registry.conflicts as c
          where c.organization_id = p.organization_id and c.member_id = p.member_id and c.kind = 'push_failed' and c.state = 'open')
      order by p.id
      for update of p skip locked
    ) as locked);
end
$$;
comment on function private.lock_ordinary_deliveries is 'In: pushes, and beside each its fencing token and the name it was claimed under. Out: those of them that are still held and leave nothing to put right; null: none.';
-- end db/functions/private.lock_ordinary_deliveries.sql

-- begin db/functions/private.lock_ordinary_pushes.sql
-- Those of some pushes that can be sent without a second thought. One that somebody else has locked is left out, so that a
-- coordinator's retry of one change holds up no others.
create or replace function private.lock_ordinary_pushes(p_ids uuid[])
returns uuid[]
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  return (
    select array_agg(locked.id)
    from (
      select p.id from sync.pushes as p
      join sync.member_systems as s on s.organization_id = p.organization_id and s.kind <> 'file' and s.rate_per_second is null
      join registry.members as m on m.id = p.member_id and m.merged_into is null
        and m.personnummer_index is not distinct from p.personnummer_index
      where p.id = any (p_ids) and p.state = 'pending' and p.next_attempt_at <= clock_timestamp() + interval '1 second'
        and not exists (select from sync.breakers as b where b.organization_id = p.organization_id and b.state <> 'closed')
        and not exists (
          select from sync.pushes as other
          where other.organization_id = p.organization_id and other.member_id = p.member_id and other.id <> p.id
            and other.state = 'sending' and other.lease_expires_at > clock_timestamp())
      order by p.id
      for update of p skip locked
    ) as locked);
end
$$;
comment on function private.lock_ordinary_pushes is 'In: pushes. Out: those that are due, unlocked, not moot, and held up by nothing; null: none.';
-- end db/functions/private.lock_ordinary_pushes.sql

-- begin db/functions/private.record_deliveries.sql
-- Deliveries as private.settle_push and worker.finish_push write them, all in one statement: state, attempt, audit event.
create or replace function private.record_deliveries(p_ids uuid[], p_reported_ids uuid[], p_http_statuses integer[], p_durations_ms integer[])
returns void
language plpgsql volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
  with settled as (
    update sync.pushes as p
    set state = 'delivered', settled_at = clock_timestamp(), next_attempt_at = null, lease_expires_at = null, error_code = null,
        http_status = r.http_status
    from unnest(p_reported_ids, p_http_statuses, p_durations_ms) as r(id, http_status, duration_ms)
    where p.id = r.id and p.id = any (p_ids)
    returning p.*, r.duration_ms
  ), attempts as (
    insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms)
    select s.id, s.organization_id, s.attempts, s.leased_by, 'delivered', s.http_status, s.duration_ms from settled as s
  )
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, push_id, detail)
  select 'push_delivered', 'worker', private.actor(), s.organization_id, 'The personnummer was delivered to the member system.',
    s.member_id, s.observation_id, s.id,
    jsonb_strip_nulls(jsonb_build_object('attempt', s.attempts, 'http_status', s.http_status, 'worker', s.leased_by))
  from settled as s;
end
$$;
comment on function private.record_deliveries is 'In: locked pushes that were delivered; all that were reported, and beside each HTTP status and duration in milliseconds.';
-- end db/functions/private.record_deliveries.sql

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

-- begin db/functions/worker.claim_pushes.sql
-- The same door for many at once, which is what a busy worker needs: one round trip, one commit. It takes the ordinary ones only:
-- waiting, due, nothing in their way. Whatever is left out has changed nothing and is asked for one at a time (worker.claim_push).
-- The commit is not waited for on the disk: a claim that a crash of the server takes back was a lease, and goes with it. Fencing
-- holds all the same, because reports name the worker besides the token.
create or replace function worker.claim_pushes(push_ids uuid[], worker_ids text[])
returns table (
  push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_ids constant uuid[] := private.lock_ordinary_pushes(claim_pushes.push_ids);
begin
  if v_ids is null then
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  return query select * from private.claim_locked(v_ids, array(
    select claim_pushes.worker_ids[array_position(claim_pushes.push_ids, t.id)] from unnest(v_ids) with ordinality as t(id, nth) order by t.nth));
end
$$;
comment on function worker.claim_pushes is 'In: pushes, and beside each the name it is claimed under. Out: as worker.claim_push, for those that nothing stands in the way of; the others have to be claimed one at a time.';
grant execute on function worker.claim_pushes to sync_worker;
-- end db/functions/worker.claim_pushes.sql

-- begin db/functions/worker.finish_push.sql
-- The door through which a worker reports. A report with an old fencing token changes nothing, and neither
-- does one of another worker than the one that holds it: a crash of the server may take a claim back, and its token is given again.
create or replace function worker.finish_push(
  push_id uuid, fencing_token bigint, result text, http_status integer, error_code text, duration_ms integer, final boolean,
  retry_after integer default null, status_url text default null, receiver_sealed text default null, worker_id text default null
)
returns text
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  p sync.pushes;
begin
  select known.* into p from sync.pushes as known where known.id = finish_push.push_id for update;
  if p.id is null then
    return null;
  elsif p.state <> 'sending' or p.fencing_token <> finish_push.fencing_token or p.leased_by <> finish_push.worker_id then
    perform private.heal_overtaken(p);
    return null;
  end if;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, error_code, duration_ms)
  values (p.id, p.organization_id, p.attempts, p.leased_by, finish_push.result::sync.attempt_result, finish_push.http_status,
    finish_push.error_code, finish_push.duration_ms);
  p.http_status := finish_push.http_status;
  p.error_code := finish_push.error_code;
  case
    when finish_push.result = 'delivered' then
      perform private.settle_push(p, 'delivered', 'push_delivered', 'The personnummer was delivered to the member system.');
      perform private.heal_overtaken(p);
    when private.push_is_moot(p) then
      perform private.settle_push(p, 'superseded', 'push_superseded', 'The push was dropped: the record has changed since.');
    when finish_push.result = 'accepted' then
      perform private.await_push(p, finish_push.retry_after, finish_push.status_url, finish_push.receiver_sealed);
    when finish_push.result = 'rejected' or private.refuses_this_member(p) then
      perform private.fail_push(p, 'rejected', 'push_rejected', 'The member system refused the change for good; a case was opened.');
    when finish_push.final or (p.attempts >= 25 and p.created_at < clock_timestamp() - interval '3 days') then
      perform private.fail_push(p, 'given_up', 'push_given_up', 'The change could not be delivered in all attempts; a case was opened.');
    else
      perform private.postpone_push(p, finish_push.retry_after);
  end case;
  select known.state into p.state from sync.pushes as known where known.id = p.id;
  perform private.tell_breaker(p, finish_push.result::sync.attempt_result, finish_push.retry_after);
  return p.state::text;
end
$$;
comment on function worker.finish_push is 'In: push, fencing token, result (delivered, accepted, retry, rejected), HTTP status and error code of the attempt, its duration in milliseconds, whether to give up now; Retry-After in seconds (at most 24 h are honoured); for accepted: where to ask, or the number sealed for the receiver; the name it was claimed under (null: not looked at). Out: the new state; null when the token is stale.';
grant execute on function worker.finish_push to sync_worker;
-- end db/functions/worker.finish_push.sql

-- begin db/functions/worker.finish_pushes.sql
-- The same door for many deliveries at once, and for what comes next: one round trip and one commit a push, instead of five. It
-- takes the ordinary ones only, after which nothing else is to be put right: no breaker, no case, no older value that was overtaken.
-- Whatever is left out has changed nothing and is reported one at a time (worker.finish_push). The commit is not waited for on the
-- disk: what a crash of the server takes back is a push that is being sent, and is sent again under the same key.
create or replace function worker.finish_pushes(
  push_ids uuid[], fencing_tokens bigint[], worker_ids text[], http_statuses integer[], durations_ms integer[], next_worker_ids text[]
)
returns table (
  finished uuid[], push_id uuid, worker_id text, fencing_token bigint, attempt integer, organization_id uuid, organization text, member_id uuid,
  external_id text, personnummer_sealed text, personnummer_index text, member_system jsonb,
  lease_ms integer, delay_ms integer, status_url text, overdue boolean
)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_ids constant uuid[] := private.lock_ordinary_deliveries(finish_pushes.push_ids, finish_pushes.fencing_tokens, finish_pushes.worker_ids);
  v_after_ids uuid[];
  v_names text[];
  v_next_ids uuid[];
begin
  finished := coalesce(v_ids, '{}');
  if v_ids is null then
    return next;
    return;
  end if;
  perform set_config('synchronous_commit', 'off', true);
  perform private.record_deliveries(v_ids, finish_pushes.push_ids, finish_pushes.http_statuses, finish_pushes.durations_ms);
  select array_agg(t.id), array_agg(t.name) into v_after_ids, v_names
  from unnest(finish_pushes.push_ids, finish_pushes.next_worker_ids) as t(id, name) where t.name is not null and t.id = any (v_ids);
  v_next_ids := private.lock_next_pushes(v_after_ids);
  return next;
  if v_next_ids is not null then
    return query select null::uuid[], c.* from private.claim_locked(v_next_ids, v_names) as c;
    perform private.drop_jobs_of_claimed(v_next_ids);
  end if;
end
$$;
comment on function worker.finish_pushes is 'In: pushes that were delivered, and beside each its fencing token, the name it was claimed under, HTTP status, duration in milliseconds, and the name under which to claim the next one (null: none). Out: first those that are settled (the others have to be reported one at a time), then the claims, as worker.claim_push.';
grant execute on function worker.finish_pushes to sync_worker;
-- end db/functions/worker.finish_pushes.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
