-- Begins a row: whose login it is, and whether a number may be kept at all. While an organisation has not recorded its legal
-- basis the number is dropped here, before anything is stored, and absent_reason becomes capture_off: only not_given makes the callback
-- ask for consent.
create or replace function private.new_observation(
  o registry.observations, p_organization text, p_provider text, p_absent_reason text, p_inconsistency text
)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_absent_reason <> all (enum_range(null::registry.absent_reason)::text[])
    or p_inconsistency <> all (enum_range(null::registry.inconsistency)::text[]) then
    raise exception 'The reason is not one of those known.' using errcode = 'PN002';
  end if;
  select g.id, p.provider, (p.provider || '-login')::registry.source, p_inconsistency::registry.inconsistency,
    case
      when not g.capture and p_absent_reason is distinct from 'inconsistent' then 'capture_off'
      when p_absent_reason is not null then p_absent_reason
      when o.personnummer_index is null then 'not_given'
    end::registry.absent_reason
  into o.organization_id, o.provider, o.source, o.inconsistency, o.absent_reason
  from registry.organizations as g
  join registry.identity_providers as p on p.organization_id = g.id
  where g.slug = p_organization and p.provider::text = p_provider;
  if not found then
    raise exception 'The organisation has no such provider.' using errcode = 'PN001',
      hint = 'Providers are rows in registry.identity_providers.';
  end if;
  return case when o.absent_reason is null then o else private.without_number(o, o.absent_reason) end;
end
$$;
comment on function private.new_observation is 'In: a login as login.record_observation begins it, organisation (slug) and provider, why it has no number, how it contradicts itself. Out: the row begun, with absent_reason set and without the number when no number may be kept. Raises PN001, PN002.';
