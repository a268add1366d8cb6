-- Begins a row: whose login it is, and whether a number may be kept at all. While an organisation has not recorded its legal
-- basis the number is dropped here, before anything is stored, and nobody is asked for consent, which only
-- not_given leads to. One statement builds the whole row: every login runs it, and a column set by an assignment of its own
-- costs as much as a small look-up.
create or replace function private.new_observation(
  p_id uuid, p_organization text, p_provider text, p_issuer text, p_subject text, p_acr text,
  p_authenticated_at timestamptz, p_issued_at timestamptz,
  p_personnummer_index text, p_personnummer_index_previous text[], p_personnummer_sealed text, p_personnummer_masked text,
  p_given_name text, p_family_name text, p_birth_date date,
  p_phone text, p_phone_verified boolean, p_email text, p_email_verified boolean,
  p_absent_reason text, p_inconsistency text
)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  if p_absent_reason <> all (enum_range(null::registry.absent_reason)::text[])
    or p_inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  select p_id, g.id, p.provider, (p_provider || '-login')::registry.source,
    p_issuer, p_subject, p_acr, p_authenticated_at, p_issued_at, clock_timestamp(), '{}'::jsonb,
    absence.reason::registry.absent_reason, p_inconsistency::registry.inconsistency,
    case when absence.reason is null then p_personnummer_index end,
    case when absence.reason is null then coalesce(p_personnummer_index_previous, '{}'::text[]) else '{}'::text[] end,
    case when absence.reason is null then p_personnummer_sealed end,
    case when absence.reason is null then p_personnummer_masked end,
    p_given_name, p_family_name, p_birth_date,
    p_phone, coalesce(p_phone_verified, false), p_email, coalesce(p_email_verified, false)
  into o.id, o.organization_id, o.provider, o.source,
    o.issuer, o.subject, o.acr, o.authenticated_at, o.issued_at, o.received_at, o.explanation,
    o.absent_reason, o.inconsistency,
    o.personnummer_index,
    o.personnummer_index_previous,
    o.personnummer_sealed,
    o.personnummer_masked,
    o.given_name, o.family_name, o.birth_date,
    o.phone, o.phone_verified, o.email, o.email_verified
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  cross join lateral (select case
    when not g.capture and p_absent_reason is distinct from 'inconsistent' then 'capture_off'
    when p_absent_reason is not null then p_absent_reason
    when p_personnummer_index is null then 'not_given'
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
