-- A row was counted when it came, as added, changed or unchanged; a number that it gets now makes an unchanged one a changed one. A dry
-- run remembers who got which number, because no record does.
create or replace function private.count_moving(p_run registry.import_runs)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_changed constant integer := (
    select count(*) from registry.waiting_numbers as w where w.run_id = p_run.id and w.moving and w.counted_unchanged);
begin
  v_run.updated := v_run.updated + v_changed;
  v_run.unchanged := v_run.unchanged - v_changed;
  if v_run.dry_run then
    update registry.import_lines as l set personnummer_index = w.personnummer_index
    from registry.waiting_numbers as w
    where w.run_id = v_run.id and w.moving and l.run_id = v_run.id and l.external_id = w.external_id;
  end if;
  return v_run;
end
$$;
comment on function private.count_moving is 'In: a run with numbers that move. Out: the run with its counts.';
