-- Numbers that stay where they are become cases.
create or replace function private.open_waiting_cases(p_run registry.import_runs, p_which text)
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_lines integer[];
begin
  for v_lines in select l.lines from private.waiting_portions(v_run.id, p_which) as l(lines) loop
    if not v_run.dry_run then
      perform private.open_import_case(v_run, row(w.member_id, false, '{}', w.step, w.holder_id, r)::private.import_step)
      from unnest(private.waiting_rows(v_run.id, v_lines)) as r
      join registry.waiting_numbers as w on w.run_id = v_run.id and w.line = r.line and w.step in ('duplicate', 'conflict');
    end if;
    select v_run.duplicates + count(*) filter (where w.step = 'duplicate'), v_run.conflicts + count(*) filter (where w.step = 'conflict')
    into v_run.duplicates, v_run.conflicts
    from registry.waiting_numbers as w where w.run_id = v_run.id and w.line = any (v_lines);
  end loop;
  return v_run;
end
$$;
comment on function private.open_waiting_cases is 'In: a run, which of its planned numbers (private.waiting_portions). Out: the run with its counts. Opens the cases.';
