-- Begins a row: whose login it is, and whether a number may be kept at all. While an organisation has not recorded its legal
-- basis the number is dropped here, before anything is stored (design section 7).
create or replace function private.new_observation(
  p_organization text, p_provider text, p_absent_reason text, p_inconsistency text, p_has_number boolean
)
returns registry.observations
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations;
  v_capture boolean;
begin
  select p.organization_id, p.provider, g.capture into o.organization_id, o.provider, v_capture
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  where g.slug = p_organization and p.provider::text = p_provider;
  if not found then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  if p_absent_reason is not null and p_absent_reason <> all (enum_range(null::registry.absent_reason)::text[])
    or p_inconsistency is not null and p_inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  o.source := (o.provider || '-login')::registry.source;
  o.inconsistency := p_inconsistency::registry.inconsistency;
  o.absent_reason := case
    when p_absent_reason is not null then p_absent_reason
    when not p_has_number then 'not_given'
    when not v_capture then 'capture_off'
  end::registry.absent_reason;
  o.received_at := clock_timestamp();
  o.explanation := '{}'::jsonb;
  o.personnummer_index_previous := '{}';
  return o;
end
$$;
comment on function private.new_observation is 'In: organisation (slug), provider, reasons, whether a number came. Out: a row begun, with absent_reason set when no number may be kept. Raises PN001, PN002.';
