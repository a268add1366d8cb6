-- Drops a number before anything of it is stored.
create or replace function private.without_number(p_observation registry.observations, p_reason registry.absent_reason)
returns registry.observations
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
begin
  o.personnummer_index := null;
  o.personnummer_index_previous := '{}';
  o.personnummer_sealed := null;
  o.personnummer_masked := null;
  o.absent_reason := p_reason;
  return o;
end
$$;
comment on function private.without_number is 'In: an observation, the reason. Out: the same without any form of the number.';
