-- The evidence of a login is never lost because matching fails: the fault undoes what matching wrote, and the observation is
-- kept as deferred with the SQLSTATE, to be processed again by a job. query_canceled is
-- named because OTHERS leaves it out, and statement_timeout raises it.
--
-- Whatever broke matching may break the audit or the queue too. So each step stands alone, what failed is written on the row,
-- and a row without a job is found by worker.reconcile. Only the row itself must succeed; if the row is what PostgreSQL
-- refuses, the caller is told so without the values that PostgreSQL would show in DETAIL. The row names no member: its
-- foreign key would wait for whoever holds that record, and the lock may be what matching failed on.
create or replace function private.keep_observation(p_observation registry.observations)
returns registry.observations
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  o registry.observations := p_observation;
  v_faults jsonb;
begin
  insert into registry.observations values (o.*) returning * into o;
  return o;
exception when query_canceled or others then
  o := p_observation;
  o.outcome := 'deferred';
  o.deferred_sqlstate := SQLSTATE;
  v_faults := jsonb_build_object('matching', SQLSTATE);
  begin
    perform private.record_event('deferred', o.source::text, o.organization_id, private.outcome_sentence(o),
      p_observation_id => o.id, p_detail => jsonb_build_object('faults', v_faults));
  exception when others then
    v_faults := v_faults || jsonb_build_object('audit', SQLSTATE);
  end;
  begin
    perform private.enqueue('process_observation', o.id);
  exception when others then
    v_faults := v_faults || jsonb_build_object('queue', SQLSTATE);
  end;
  o.explanation := jsonb_build_object('faults', v_faults);
  begin
    insert into registry.observations values (o.*) returning * into o;
  exception when integrity_constraint_violation or data_exception then
    raise exception 'The observation is not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN002';
  end;
  return o;
end
$$;
comment on function private.keep_observation is 'In: a new observation. Out: the stored row: settled, or deferred if anything went wrong. Raises PN002 for a row that cannot be stored at all.';
