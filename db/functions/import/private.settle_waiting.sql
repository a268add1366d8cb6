-- All rows of the file have come: the numbers that waited go to their members, or are cases. Where several rows want the same number,
-- the later ones find somebody who has it; if the first one could not take it, they are looked at in another round.
create or replace function private.settle_waiting(p_run registry.import_runs)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
begin
  v_run.columns := '{}'; -- everything else in these rows is written already
  if not v_run.dry_run then
    perform private.lock_waiting(v_run);
  end if;
  while private.rank_waiting(v_run.id) > 0 loop
    perform private.plan_waiting(v_run, 'first');
    perform private.mark_blocked(v_run);
    if not v_run.dry_run then
      perform private.move_numbers(v_run);
    end if;
    v_run := private.count_moving(v_run);
    v_run := private.open_waiting_cases(v_run, 'staying');
    perform private.plan_waiting(v_run, 'later');
    v_run := private.open_waiting_cases(v_run, 'taken');
    delete from registry.waiting_numbers as w where w.run_id = v_run.id and (w.nth = 1 or w.step <> 'write');
  end loop;
  v_run.columns := p_run.columns;
  return v_run;
exception when unique_violation then
  raise exception 'A number was given to somebody else meanwhile.' using errcode = 'serialization_failure';
end
$$;
comment on function private.settle_waiting is 'In: a run whose file has been read. Out: the run with its counts. Writes the numbers that can go to their members, and opens cases for the others. Raises serialization_failure: call again.';
