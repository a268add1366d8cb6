-- A deferred observation is decided after all. Faults are not caught here: the job fails, and graphile-worker tries again.
create or replace function worker.process_observation(observation_id uuid)
returns text
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  o registry.observations;
begin
  select known.* into o from registry.observations as known where known.id = process_observation.observation_id for update;
  if o.id is null then
    raise exception 'There is no such observation.' using errcode = 'PN004';
  elsif o.outcome = 'deferred' then
    o := private.settle_observation(o);
    update registry.observations as u
    set outcome = o.outcome, member_id = o.member_id, explanation = o.explanation, settled_at = o.settled_at,
        absent_reason = o.absent_reason, personnummer_index = o.personnummer_index, personnummer_sealed = o.personnummer_sealed,
        personnummer_masked = o.personnummer_masked, personnummer_index_previous = o.personnummer_index_previous
    where u.id = o.id;
  end if;
  return o.outcome::text;
end
$$;
comment on function worker.process_observation is 'In: a deferred observation. Out: its outcome, now decided. Raises PN004 for an unknown id.';
grant execute on function worker.process_observation to sync_worker;
