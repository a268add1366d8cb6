-- A run ends, with one audit event. A dry run leaves no trace. Numbers that wait are settled when the whole file has been read, and while
-- there is a legal basis for storing them; of a run that is given up they are forgotten, because who would give them up is not known.
create or replace function private.end_import(p_run registry.import_runs, p_state registry.import_state)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
begin
  perform from registry.organizations as g where g.id = v_run.organization_id and g.capture for key share;
  if found and p_state = 'finished' then
    v_run := private.settle_waiting(v_run);
  end if;
  if v_run.dry_run then
    delete from registry.import_runs where id = v_run.id;
    return v_run;
  end if;
  delete from registry.waiting_numbers where run_id = v_run.id;
  delete from registry.import_lines where run_id = v_run.id;
  update registry.import_runs
  set state = p_state, ended_at = clock_timestamp(),
      (updated, unchanged, duplicates, conflicts) = (v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts)
  where id = v_run.id;
  perform private.record_event('import_' || p_state, 'import', v_run.organization_id,
    format('An import of members was %s after %s rows: %s added, %s changed, %s unchanged, %s rejected.', p_state,
      v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.rejected),
    p_detail => jsonb_build_object('import_run_id', v_run.id, 'fingerprint', v_run.fingerprint, 'records', v_run.records_done,
      'added', v_run.added, 'updated', v_run.updated, 'unchanged', v_run.unchanged, 'rejected', v_run.rejected,
      'duplicates', v_run.duplicates, 'conflicts', v_run.conflicts));
  return v_run;
end
$$;
comment on function private.end_import is 'In: a running import, finished or abandoned. Out: the run with its last counts. Ends it. Raises serialization_failure: call again.';
