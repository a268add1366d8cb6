-- The last call of an import, when every record of the file has arrived.
create or replace function import.finish_run(run_id uuid)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run constant registry.import_runs := private.end_import(private.lock_run(finish_run.run_id), 'finished');
begin
  return query select v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected;
end
$$;
comment on function import.finish_run is 'In: a running import. Out: its counts. Settles the numbers that waited for the end of the file, and ends it. Raises PN006.';
grant execute on function import.finish_run to member_importer;
