-- Where the member must be asked first, a number may find the member but is not stored before the answer (design section 12).
create or replace function private.withhold_without_consent(p_observation registry.observations)
returns registry.observations
language plpgsql stable
set search_path = ''
as $$
declare
  o registry.observations := p_observation;
begin
  if o.personnummer_index is not null and private.needs_consent(o) then
    o := private.without_number(o, 'not_consented');
  end if;
  return o;
end
$$;
comment on function private.withhold_without_consent is 'In: an observation with its member. Out: the same, without the number if consent is needed and not there.';
