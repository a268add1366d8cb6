-- A deferred observation is decided after all. Faults are not caught here: the job fails, and graphile-worker tries again.
create or replace function worker.process_observation(observation_id uuid, out outcome text, out traceparent text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = process_observation.observation_id for update;
  if o.id is null then
    raise exception 'There is no such observation.' using errcode = 'PN004';
  elsif o.outcome = 'deferred' then
    if o.personnummer_index is not null and not (select g.capture from registry.organizations as g where g.id = o.organization_id) then
      o := private.without_number(o, 'capture_off'); -- switched off since
    end if;
    o := private.settle_observation(o);
    perform private.store_decision(o);
  end if;
  outcome := o.outcome;
  traceparent := o.traceparent;
end
$$;
comment on function worker.process_observation is 'In: a deferred observation. Out: its outcome, now decided, and the step of a trace that handed it over. Raises PN004 for an unknown id.';
grant execute on function worker.process_observation to sync_worker;
