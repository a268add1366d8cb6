-- What disagreed with the record: a login, or an import. A case opened by an import has no observation, so one is made up of
-- what the import brought.
create or replace function private.evidence_of_case(c registry.conflicts)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  if c.observation_id is not null then
    select known.* into strict o from registry.observations as known where known.id = c.observation_id;
    if c.kind = 'mismatch' and o.personnummer_index is not null then -- seen again since, perhaps under a newer key
      o.personnummer_index := coalesce(c.personnummer_index, o.personnummer_index);
      o.personnummer_index_previous := c.personnummer_index_previous;
    end if;
    return o;
  end if;
  select n.personnummer_index, n.personnummer_index_previous, n.personnummer_sealed, n.personnummer_masked
  into o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked
  from registry.offered_numbers as n where n.conflict_id = c.id;
  o.organization_id := c.organization_id;
  o.member_id := c.member_id;
  o.source := 'import';
  return o;
end
$$;
comment on function private.evidence_of_case is 'In: a case. Out: its observation, or one made up of the number that an import offered.';
