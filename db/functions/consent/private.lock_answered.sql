-- Everything an answer about consent may touch, in the common order (number, member; an observation's row after its member, because
-- a merge moves observations while it holds their members). Read once more at the end: meanwhile the login may have been
-- excluded from the member, or the answer stored.
create or replace function private.lock_answered(p_observation_id uuid, p_masked text)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = p_observation_id;
  perform private.lock_number(o.organization_id, p_masked) where o.id is not null and p_masked is not null;
  perform from registry.members as m where m.id = o.member_id for no key update;
  select known.* into o from registry.observations as known where known.id = p_observation_id for update;
  return o;
end
$$;
comment on function private.lock_answered is 'In: an observation, the masked number that came with the answer or null. Out: the observation as it is once everything is locked; null when there is none.';
