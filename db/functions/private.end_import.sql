-- A run ends, with one audit event. A dry run leaves no trace. Of one that is given up, what waited is settled with what has come.
create or replace function private.end_import(p_run registry.import_runs, p_state registry.import_state)
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run constant registry.import_runs := private.settle_waiting(p_run);
begin
  if v_run.dry_run then
    delete from registry.import_runs where id = v_run.id;
    return v_run;
  end if;
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
comment on function private.end_import is 'In: a running import, finished or abandoned. Out: the run with its last counts. Ends it.';
