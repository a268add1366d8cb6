-- All rows of the file have come: the numbers that waited go to their members, or are cases. Of several rows that want the same number
-- the first in the file is looked at first.
create or replace function private.settle_waiting(p_run registry.import_runs)
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run registry.import_runs := p_run;
  v_nth integer := 0;
  v_rows private.imported_member[];
  v_steps private.import_step[];
  v_moving private.import_step[];
begin
  v_run.columns := '{}'; -- everything else in these rows is written already
  if not v_run.dry_run then
    perform private.lock_waiting(v_run);
  end if;
  loop
    v_nth := v_nth + 1;
    v_rows := private.waiting_rows(v_run.id, v_nth);
    exit when cardinality(v_rows) = 0;
    v_steps := array(select s from private.plan_import(v_run, v_rows) as s);
    v_moving := array(select s from private.moving_numbers(v_run, v_steps) as s);
    v_steps := array(
      select s from unnest(v_steps) as s where not exists (select from unnest(v_moving) as m where m.member_id = s.member_id));
    v_run := private.count_waiting(v_run, v_steps, v_moving);
    if not v_run.dry_run then
      perform private.move_numbers(v_run, v_moving);
      perform private.open_import_case(v_run, s) from unnest(v_steps) as s where s.number in ('duplicate', 'conflict');
    else
      update registry.import_lines as l set personnummer_index = (s.imported).personnummer_index
      from unnest(v_moving) as s where l.run_id = v_run.id and l.external_id = (s.imported).external_id;
    end if;
  end loop;
  delete from registry.waiting_numbers as w where w.run_id = v_run.id;
  v_run.columns := p_run.columns;
  return v_run;
end
$$;
comment on function private.settle_waiting is 'In: a run whose file has been read. Out: the run with its counts. Writes the numbers that can go to their members, and opens cases for the others.';
