-- The interface function for a login: one call, one row, one round trip. A repeated call with the same id changes nothing and answers the
-- same, so the callback may repeat it when a connection breaks and it cannot know whether the first one arrived.
create or replace function login.record_observation(
  inout observation_id uuid, organization text, provider text, issuer text, subject text, authenticated_at timestamptz,
  personnummer_index text default null, personnummer_sealed text default null, personnummer_masked text default null,
  given_name text default null, family_name text default null, birth_date date default null,
  phone text default null, phone_verified boolean default false, email text default null, email_verified boolean default false,
  absent_reason text default null, inconsistency text default null, acr text default null,
  personnummer_index_previous text[] default null, link_session_id uuid default null, evidence_missing boolean default false,
  issued_at timestamptz default null, traceparent text default null,
  out outcome text, out member_id uuid, out ask_consent boolean, out told boolean
)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '1s'
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  o registry.observations; -- the login as one row; its arguments are named one by one here and nowhere else
  v_stored registry.observations;
begin
  o.id := record_observation.observation_id;
  o.issuer := record_observation.issuer;
  o.subject := record_observation.subject;
  o.acr := record_observation.acr;
  o.authenticated_at := record_observation.authenticated_at;
  o.issued_at := record_observation.issued_at;
  o.received_at := clock_timestamp();
  -- A login does not fail because of what is only there to be traced.
  o.traceparent := substring(record_observation.traceparent from '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$');
  o.explanation := '{}'::jsonb;
  o.personnummer_index := record_observation.personnummer_index;
  o.personnummer_index_previous := coalesce(record_observation.personnummer_index_previous, '{}');
  o.personnummer_sealed := record_observation.personnummer_sealed;
  o.personnummer_masked := record_observation.personnummer_masked;
  o.given_name := record_observation.given_name;
  o.family_name := record_observation.family_name;
  o.birth_date := record_observation.birth_date;
  o.phone := record_observation.phone;
  o.phone_verified := coalesce(record_observation.phone_verified, false);
  o.email := record_observation.email;
  o.email_verified := coalesce(record_observation.email_verified, false);
  if num_nonnulls(record_observation.absent_reason, record_observation.inconsistency, record_observation.link_session_id) = 0 then
    member_id := private.confirm_known_login(o, record_observation.organization, record_observation.provider);
    if member_id is not null then
      outcome := 'confirmed';
      ask_consent := false;
      return;
    end if;
  end if;
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('observation ' || record_observation.observation_id, 0));
  select known.* into v_stored from registry.observations as known where known.id = record_observation.observation_id;
  if not found then
    o := private.new_observation(o, record_observation.organization, record_observation.provider,
      record_observation.absent_reason, record_observation.inconsistency);
    -- A login that is to be linked is not looked up, not even for this.
    if record_observation.evidence_missing and (record_observation.link_session_id is not null or not private.evidence_suffices(o)) then
      ask_consent := false;
      return;
    end if;
    o := case when record_observation.link_session_id is null then private.keep_observation(o)
      else private.propose_link(o, record_observation.link_session_id) end;
  elsif (v_stored.issuer, v_stored.subject) is distinct from (o.issuer, o.subject) then
    raise exception 'The observation id belongs to another login.' using errcode = 'PN003';
  else
    o := v_stored;
  end if;
  observation_id := o.id;
  outcome := o.outcome;
  member_id := case o.outcome when 'deferred' then private.known_member(o) else o.member_id end;
  told := o.told;
  ask_consent := o.absent_reason is not distinct from 'not_consented' and private.may_ask_consent(o);
end
$$;
comment on function login.record_observation is 'In: one verified login; phone in E.164 form; no number in clear; link_session_id: the session of a member who asks for this login to be linked: it is only proposed; evidence_missing: a source that was asked did not answer; issued_at: of its ID token; traceparent: the step of a trace that hands it over, null: not traced. Out: observation id, outcome (null: nothing was decided or kept, because what is missing could have named the member), member (null when none), whether the member is to be asked for consent, and, of a refused login, whether the app may be told that a member is concerned. Errors PN001 to PN003.';
grant execute on function login.record_observation to auth_callback;
