-- What waiting numbers come to now that the file has been read.
create or replace function private.plan_waiting(p_run registry.import_runs, p_which text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lines integer[];
begin
  for v_lines in select l.lines from private.waiting_portions(p_run.id, p_which) as l(lines) loop
    update registry.waiting_numbers as w
    set step = s.number, member_id = s.member_id, holder_id = s.other_member_id, moving = w.nth = 1 and s.number in ('write', 'duplicate')
    from private.plan_import(p_run, private.waiting_rows(p_run.id, v_lines)) as s
    where w.run_id = p_run.id and w.line = (s.imported).line;
  end loop;
  -- Who waits for whom has just been written down, and is looked up next. An import of another organisation that is doing the same at this
  -- moment is not waited for: what it finds is true enough of both.
  if pg_try_advisory_xact_lock(hashtextextended('analyze registry.waiting_numbers', 0)) then
    analyze registry.waiting_numbers;
  end if;
end
$$;
comment on function private.plan_waiting is 'In: a run, which of its waiting numbers (private.waiting_portions). Writes down what each comes to; a first row moves, unless it is blocked (private.mark_blocked).';
