-- A row was counted when it came, as added, changed or unchanged; a number that it gets now makes an unchanged one a changed one.
create or replace function private.count_waiting(
  p_run registry.import_runs, p_staying private.import_step[], p_moving private.import_step[]
)
returns registry.import_runs
language plpgsql stable
set search_path = ''
as $$
declare
  v_run registry.import_runs := p_run;
  v_changed constant integer := (
    select count(*) from unnest(p_moving) as s
    join registry.waiting_numbers as w on w.run_id = p_run.id and w.line = (s.imported).line and w.counted_unchanged);
begin
  v_run.updated := v_run.updated + v_changed;
  v_run.unchanged := v_run.unchanged - v_changed;
  select v_run.duplicates + count(*) filter (where s.number = 'duplicate'), v_run.conflicts + count(*) filter (where s.number = 'conflict')
  into v_run.duplicates, v_run.conflicts
  from unnest(p_staying) as s;
  return v_run;
end
$$;
comment on function private.count_waiting is 'In: a run, steps that become cases, steps that are written. Out: the run with its counts.';
