-- All rows of the file have come: the numbers that waited go to their members, or are cases. Where several rows want the same number,
-- the later ones find somebody who has it; if the first one could not take it, they are looked at in another round.
create or replace function private.settle_waiting(p_run registry.import_runs)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_changed integer;
begin
  v_run.columns := '{}'; -- everything else in these rows is written already
  if not v_run.dry_run then
    perform private.lock_waiting(v_run);
  end if;
  loop
    -- Of several rows that want the same number the first in the file comes first.
    update registry.waiting_numbers as w set nth = r.nth
    from (
      select known.line, row_number() over (partition by known.personnummer_index order by known.line) as nth
      from registry.waiting_numbers as known where known.run_id = v_run.id
    ) as r
    where w.run_id = v_run.id and w.line = r.line;
    exit when not found;
    perform private.plan_waiting(v_run, 'first');
    perform private.mark_blocked(v_run);
    if not v_run.dry_run then
      perform private.move_numbers(v_run);
    end if;
    -- A row was counted when it came, as added, changed or unchanged; a number that it gets now makes an unchanged one a changed one.
    select count(*) into v_changed from registry.waiting_numbers as w where w.run_id = v_run.id and w.moving and w.counted_unchanged;
    v_run.updated := v_run.updated + v_changed;
    v_run.unchanged := v_run.unchanged - v_changed;
    if v_run.dry_run then -- remembers who got which number, because no record does
      update registry.import_lines as l set personnummer_index = w.personnummer_index
      from registry.waiting_numbers as w
      where w.run_id = v_run.id and w.moving and l.run_id = v_run.id and l.external_id = w.external_id;
    end if;
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
