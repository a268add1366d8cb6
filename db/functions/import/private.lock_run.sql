-- Batches of a run go one after the other, whoever sends them.
create or replace function private.lock_run(p_run_id uuid)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs;
begin
  select r.* into v_run from registry.import_runs as r where r.id = p_run_id for update;
  if v_run.state is distinct from 'running' then
    raise exception 'The import is over.' using errcode = 'PN006',
      hint = 'Another file was imported meanwhile, or another program finished this one.';
  end if;
  return v_run;
end
$$;
comment on function private.lock_run is 'In: id of a running import. Out: the run, locked. Raises PN006.';
