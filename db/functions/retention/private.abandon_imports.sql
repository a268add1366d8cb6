-- An import that was killed and never started again keeps numbers that wait for the end of its file. After a month nobody will.
create or replace function private.abandon_imports(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs;
  v_ended integer := 0;
begin
  for v_run in
    select r.* from registry.import_runs as r
    where not r.dry_run and r.state = 'running' and r.started_at < now() - interval '31 days'
    order by r.started_at limit p_most for update skip locked
  loop
    perform private.end_import(v_run, 'abandoned');
    v_ended := v_ended + 1;
  end loop;
  return v_ended;
end
$$;
comment on function private.abandon_imports is 'In: how many at most. Out: how many imports were given up that began more than 31 days ago and never ended.';
