-- The daily case, answered without asking anything else: a login that is linked brings the very number that its member's record has.
-- Then no other question can change the outcome. Whatever is not exactly so takes the long way, where the same login gets the same
-- answer. The record is held (private.hold_member) as its foreign key would, and needs no other lock: nothing
-- follows from the row but its audit event, and a repeated call finds the id taken. Three small
-- statements, because PostgreSQL prepares them faster for each login than one large one. The event is written here and not by private.record_event,
-- because nearly every login runs this (test/db/daily-case.test.ts holds it to what the long way writes).
create or replace function private.confirm_known_login(o registry.observations, p_organization text, p_provider text)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  select g.id, p.provider, (p.provider || '-login')::registry.source, m.id, 'confirmed'::registry.outcome, clock_timestamp(),
    '{"match_rule": "link"}'::jsonb
  into o.organization_id, o.provider, o.source, o.member_id, o.outcome, o.settled_at, o.explanation
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  join registry.identity_links as l on l.organization_id = g.id
  join registry.members as m on m.id = l.member_id
  where g.slug = p_organization and g.capture and p.provider::text = p_provider
    and l.issuer = o.issuer and l.subject = o.subject and l.revoked_at is null
    and m.personnummer_index = o.personnummer_index
  for key share of m;
  if not found then
    return null;
  end if;
  -- Column by column: taking the row apart (o.*) is dearer, and this is what nearly every login runs.
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, acr, authenticated_at, issued_at,
    outcome, settled_at, member_id, explanation, received_at,
    personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked,
    given_name, family_name, birth_date, phone, phone_verified, email, email_verified, traceparent)
  values (o.id, o.organization_id, o.provider, o.source, o.issuer, o.subject, o.acr, o.authenticated_at, o.issued_at,
    o.outcome, o.settled_at, o.member_id, o.explanation, o.received_at,
    o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked,
    o.given_name, o.family_name, o.birth_date, o.phone, o.phone_verified, o.email, o.email_verified,
    o.traceparent);
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, detail)
  values ('confirmed', o.source, private.actor(), o.organization_id,
    'confirmed, no change: ' || o.source || ' brought the recorded personnummer ' || o.personnummer_masked || '.', o.member_id, o.id,
    jsonb_build_object('match_rule', 'link', 'provider', o.provider, 'personnummer', o.personnummer_masked));
  return o.member_id;
exception
  when unique_violation then
    return null; -- a repeated call; the long way knows what the first one was answered
  when query_canceled or others then
    -- If the long way meets the same fault, it keeps the evidence with it; if not, the server's log tells of this one.
    raise warning 'A login took the long way: SQLSTATE % in private.confirm_known_login.', SQLSTATE;
    return null;
end
$$;
comment on function private.confirm_known_login is 'In: a login as login.record_observation begins it, organisation (slug) and provider. Out: the member, when the login is linked and the record has just the observed number; the observation is stored as confirmed, with its audit event. Otherwise null, and nothing is written.';
