-- A run ends, with one audit event. A dry run leaves no trace.
create or replace function private.end_import(p_run registry.import_runs, p_state registry.import_state)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  if p_run.dry_run then
    delete from registry.import_runs where id = p_run.id;
    return;
  end if;
  delete from registry.import_lines where run_id = p_run.id;
  update registry.import_runs set state = p_state, ended_at = clock_timestamp() where id = p_run.id;
  perform private.record_event('import_' || p_state, 'import', p_run.organization_id,
    format('An import of members was %s after %s rows: %s added, %s changed, %s unchanged, %s rejected.', p_state,
      p_run.records_done, p_run.added, p_run.updated, p_run.unchanged, p_run.rejected),
    p_detail => jsonb_build_object('import_run_id', p_run.id, 'fingerprint', p_run.fingerprint, 'records', p_run.records_done,
      'added', p_run.added, 'updated', p_run.updated, 'unchanged', p_run.unchanged, 'rejected', p_run.rejected,
      'duplicates', p_run.duplicates, 'conflicts', p_run.conflicts));
end
$$;
comment on function private.end_import is 'In: a running import, finished or abandoned. Ends it.';
