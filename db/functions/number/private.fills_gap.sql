-- Whether an observed number may go into a record: without replacing anything, without taking it from anybody, and not before the
-- member's consent where the provider's row asks for one, nor without the organisation's legal basis. A coordinator knows whose login
-- it is; that is no answer of the member's.
create or replace function private.fills_gap(p_observation registry.observations, p_member_id uuid)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
begin
  o.member_id := p_member_id;
  return o.personnummer_index is not null and not private.needs_consent(o) and not private.is_withdrawn(o)
    and (select g.capture from registry.organizations as g where g.id = o.organization_id)
    and exists (select from registry.members as m where m.id = p_member_id and m.personnummer_index is null)
    and not exists (
      select from registry.members as m
      where m.organization_id = o.organization_id and m.personnummer_index = any (o.personnummer_index || o.personnummer_index_previous));
end
$$;
comment on function private.fills_gap is 'In: an observation, a member. Out: whether the member has no number, nobody has the observed one, and neither consent (also: not withdrawn since) nor legal basis is missing.';
