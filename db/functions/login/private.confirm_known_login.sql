-- The daily case, answered without asking anything else: a login that is linked brings the very number that its member's record has.
-- Then no other question can change the outcome. Whatever is not exactly so takes the long way, where the same login gets the same
-- answer. No lock is needed: nothing follows from the row but its audit event, and a repeated call finds the id taken. Three small
-- statements, because PostgreSQL prepares them faster for each login than one large one; and the event is spelled out here
-- (test/db/daily-case.test.ts holds it to what the long way writes), because this is what nearly every login runs.
create or replace function private.confirm_known_login(
  p_id uuid, p_organization text, p_provider text, p_issuer text, p_subject text, p_acr text,
  p_authenticated_at timestamptz, p_issued_at timestamptz,
  p_personnummer_index text, p_personnummer_index_previous text[], p_personnummer_sealed text, p_personnummer_masked text,
  p_given_name text, p_family_name text, p_birth_date date,
  p_phone text, p_phone_verified boolean, p_email text, p_email_verified boolean
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_organization_id uuid;
  v_provider registry.provider;
  v_member_id uuid;
  v_source registry.source;
begin
  select g.id, p.provider, m.id into v_organization_id, v_provider, v_member_id
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  join registry.identity_links as l on l.organization_id = g.id
  join registry.members as m on m.id = l.member_id
  where g.slug = p_organization and g.capture and p.provider::text = p_provider
    and l.issuer = p_issuer and l.subject = p_subject and l.revoked_at is null
    and m.personnummer_index = p_personnummer_index;
  if not found then
    return null;
  end if;
  v_source := (v_provider || '-login')::registry.source;
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, acr, authenticated_at, issued_at,
    outcome, settled_at, member_id, explanation,
    personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked,
    given_name, family_name, birth_date, phone, phone_verified, email, email_verified)
  values (p_id, v_organization_id, v_provider, v_source, p_issuer, p_subject, p_acr, p_authenticated_at, p_issued_at,
    'confirmed', clock_timestamp(), v_member_id, '{"match_rule": "link"}',
    p_personnummer_index, coalesce(p_personnummer_index_previous, '{}'), p_personnummer_sealed, p_personnummer_masked,
    p_given_name, p_family_name, p_birth_date, p_phone, coalesce(p_phone_verified, false), p_email, coalesce(p_email_verified, false));
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, detail)
  values ('confirmed', v_source, private.actor(), v_organization_id,
    'confirmed, no change: ' || v_source || ' brought the recorded personnummer ' || p_personnummer_masked || '.', v_member_id, p_id,
    jsonb_build_object('match_rule', 'link', 'provider', v_provider, 'personnummer', p_personnummer_masked));
  return v_member_id;
exception
  when unique_violation then
    return null; -- a repeated call; the long way knows what the first one was answered
  when query_canceled or others then
    -- If the long way meets the same fault, it keeps the evidence with it; if not, the server's log tells of this one.
    raise warning 'A login took the long way: SQLSTATE % in private.confirm_known_login.', SQLSTATE;
    return null;
end
$$;
comment on function private.confirm_known_login is 'In: what login.record_observation was given. Out: the member, when the login is linked and the record has just the observed number; the observation is stored as confirmed, with its audit event. Otherwise null, and nothing is written.';
