-- Where the member must be asked first, a number may find the member but is not stored before the answer.
-- A login that brought none is the same: it is with the consent that the number comes. Nor is one stored after consent was withdrawn.
create or replace function private.withhold_without_consent(p_observation registry.observations)
returns registry.observations
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
begin
  if coalesce(o.absent_reason, 'not_given') = 'not_given' and private.needs_consent(o)
    or o.absent_reason is null and private.is_withdrawn(o) then
    o := private.without_number(o, 'not_consented');
  end if;
  return o;
end
$$;
comment on function private.withhold_without_consent is 'In: an observation with its member. Out: the same, without the number if consent is needed and not there, or was withdrawn since.';
