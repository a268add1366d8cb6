-- The evidence of a login is never lost because matching fails: the fault undoes what matching wrote, and the observation is
-- kept as deferred with the SQLSTATE, to be processed again by a job. query_canceled is
-- named because OTHERS leaves it out, and statement_timeout raises it.
create or replace function private.keep_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
begin
  insert into registry.observations values (o.*) returning * into o;
  return o;
exception when query_canceled or others then
  return private.defer_observation(p_observation, SQLSTATE);
end
$$;
comment on function private.keep_observation is 'In: a new observation. Out: the stored row: settled, or deferred if anything went wrong.';
