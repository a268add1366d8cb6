-- Numbers change hands: all are given up first, because a number is only ever on one record.
create or replace function private.move_numbers(p_run registry.import_runs, p_steps private.import_step[])
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  update registry.members as m
  set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null, personnummer_source = null, personnummer_at = null
  where m.id in (select s.member_id from unnest(p_steps) as s) and m.personnummer_index is not null;
  perform private.write_import(p_run, p_steps);
  perform private.record_import(p_run, p_steps);
end
$$;
comment on function private.move_numbers is 'In: a run, steps of private.moving_numbers. Writes them, with their audit events.';
