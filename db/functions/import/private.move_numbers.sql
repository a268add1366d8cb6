-- Numbers change hands: all are given up first, because a number is only ever on one record. Whether a case is obsolete is asked when all
-- have got theirs: until then a record may have none, which answers nothing.
create or replace function private.move_numbers(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lines integer[];
  v_steps private.import_step[];
begin
  perform private.write_numbers(array(
    select m.id from registry.members as m
    where m.personnummer_index is not null
      and m.id in (select w.member_id from registry.waiting_numbers as w where w.run_id = p_run.id and w.moving)), null);
  for v_lines in select l.lines from private.waiting_portions(p_run.id, 'moving') as l(lines) loop
    v_steps := array(
      select row(w.member_id, false, array['personnummer'], 'write', null, r)::private.import_step
      from unnest(private.waiting_rows(p_run.id, v_lines)) as r
      join registry.waiting_numbers as w on w.run_id = p_run.id and w.line = r.line);
    perform private.write_import(p_run, v_steps);
  end loop;
  for v_lines in select l.lines from private.waiting_portions(p_run.id, 'moving') as l(lines) loop
    perform private.close_obsolete_cases(p_run.organization_id,
      array(select w.member_id from registry.waiting_numbers as w where w.run_id = p_run.id and w.line = any (v_lines)), 'import');
  end loop;
end
$$;
comment on function private.move_numbers is 'In: a run with numbers that move. Writes them, with their audit events; closes cases that this leaves obsolete.';
