-- The door's last call, when every record of the file has arrived.
create or replace function import.finish_run(run_id uuid)
returns void
language plpgsql volatile security definer
set search_path = ''
as $$
begin
  perform private.end_import(private.lock_run(finish_run.run_id), 'finished');
end
$$;
comment on function import.finish_run is 'In: a running import. Ends it. Raises PN006.';
grant execute on function import.finish_run to member_importer;
