-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.count_waiting.sql
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
-- end db/functions/private.count_waiting.sql

-- begin db/functions/private.lock_waiting.sql
-- As private.lock_import, for all waiting numbers at once. A few thousand at most can be locked one by one (max_locks_per_transaction);
-- where an export moves more, logins that fill a record wait for a moment, or are deferred and decided a minute later.
create or replace function private.lock_waiting(p_run registry.import_runs)
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  if (select count(*) from registry.waiting_numbers as w where w.run_id = p_run.id) > 1000 then
    lock table registry.members in share row exclusive mode;
    return;
  end if;
  perform private.lock_number(p_run.organization_id, n.masked)
  from (select distinct w.personnummer_masked as masked from registry.waiting_numbers as w where w.run_id = p_run.id order by 1) as n;
  perform from registry.members as m
  where m.organization_id = p_run.organization_id
    and m.external_id in (select w.external_id from registry.waiting_numbers as w where w.run_id = p_run.id)
  order by m.id for no key update;
end
$$;
comment on function private.lock_waiting is 'In: a run whose file has been read. Waits until no login is about to change the numbers or records that waiting numbers concern.';
-- end db/functions/private.lock_waiting.sql

-- begin db/functions/private.moving_numbers.sql
-- An export is right as a whole. A number can go to another member when the one who has it gets another number by the same file, who
-- may in turn wait for a third one; so two members' numbers can be exchanged. Whoever waits for somebody who stays as they are, stays too.
create or replace function private.moving_numbers(p_run registry.import_runs, p_steps private.import_step[])
returns setof private.import_step
language sql stable
set search_path = ''
as $$
  with recursive blocked as (
    select s.member_id from unnest(p_steps) as s
    where s.number = 'duplicate' and (s.other_member_id is null or exists ( -- in a dry run, a row before has got it
        select from registry.import_lines as l
        where l.run_id = p_run.id and l.personnummer_index = (s.imported).personnummer_index)
      or not exists (
        select from unnest(p_steps) as giving where giving.member_id = s.other_member_id and giving.number in ('duplicate', 'write'))
      and not exists ( -- in a dry run, who got another number by an earlier row has the old one still
        select from registry.members as m
        join registry.import_lines as l on l.run_id = p_run.id and l.external_id = m.external_id
        where m.id = s.other_member_id and l.personnummer_index <> m.personnummer_index))
    union
    select s.member_id from blocked as b join unnest(p_steps) as s on s.other_member_id = b.member_id and s.number = 'duplicate'
  )
  select s.member_id, s.is_new, case when s.is_new then '{}' else array['personnummer'] end, 'write'::private.number_step, null::uuid, s.imported
  from unnest(p_steps) as s
  where s.number in ('duplicate', 'write') and s.member_id not in (select b.member_id from blocked as b)
$$;
comment on function private.moving_numbers is 'In: a run, steps for waiting numbers. Out: steps that write those which can go to their members, once all of these have given up their own.';
-- end db/functions/private.moving_numbers.sql

-- begin db/functions/private.move_numbers.sql
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
-- end db/functions/private.move_numbers.sql

-- begin db/functions/private.waiting_rows.sql
-- Waiting numbers as rows of an import, each number once.
create or replace function private.waiting_rows(p_run_id uuid, p_nth integer)
returns private.imported_member[]
language sql stable
set search_path = ''
as $$
  select coalesce(array_agg(
    row(w.line, w.external_id, null, null, null, null, null, w.personnummer_index, w.personnummer_index_previous, w.personnummer_sealed,
      w.personnummer_masked)::private.imported_member order by w.line), '{}')
  from (
    select known.*, row_number() over (partition by known.personnummer_index order by known.line) as nth
    from registry.waiting_numbers as known where known.run_id = p_run_id
  ) as w
  where w.nth = p_nth
$$;
comment on function private.waiting_rows is 'In: a run, n. Out: of each waiting number the nth row of the file that brought it.';
-- end db/functions/private.waiting_rows.sql

-- begin db/functions/private.settle_waiting.sql
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
-- end db/functions/private.settle_waiting.sql

-- begin db/functions/private.end_import.sql
-- A run ends, with one audit event. A dry run leaves no trace. Of one that is given up, what waited is settled with what has come.
create or replace function private.end_import(p_run registry.import_runs, p_state registry.import_state)
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run constant registry.import_runs := private.settle_waiting(p_run);
begin
  if v_run.dry_run then
    delete from registry.import_runs where id = v_run.id;
    return v_run;
  end if;
  delete from registry.import_lines where run_id = v_run.id;
  update registry.import_runs
  set state = p_state, ended_at = clock_timestamp(),
      (updated, unchanged, duplicates, conflicts) = (v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts)
  where id = v_run.id;
  perform private.record_event('import_' || p_state, 'import', v_run.organization_id,
    format('An import of members was %s after %s rows: %s added, %s changed, %s unchanged, %s rejected.', p_state,
      v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.rejected),
    p_detail => jsonb_build_object('import_run_id', v_run.id, 'fingerprint', v_run.fingerprint, 'records', v_run.records_done,
      'added', v_run.added, 'updated', v_run.updated, 'unchanged', v_run.unchanged, 'rejected', v_run.rejected,
      'duplicates', v_run.duplicates, 'conflicts', v_run.conflicts));
  return v_run;
end
$$;
comment on function private.end_import is 'In: a running import, finished or abandoned. Out: the run with its last counts. Ends it.';
-- end db/functions/private.end_import.sql

-- begin db/functions/import.finish_run.sql
-- The door's last call, when every record of the file has arrived.
create or replace function import.finish_run(run_id uuid)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = ''
as $$
declare
  v_run constant registry.import_runs := private.end_import(private.lock_run(finish_run.run_id), 'finished');
begin
  return query select v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected;
end
$$;
comment on function import.finish_run is 'In: a running import. Out: its counts. Settles the numbers that waited for the end of the file, and ends it. Raises PN006.';
grant execute on function import.finish_run to member_importer;
-- end db/functions/import.finish_run.sql

-- begin db/functions/private.keep_waiting.sql
-- A number that another member has may be given up by that member in a later row of the same file. So it waits until all rows have come.
create or replace function private.keep_waiting(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = ''
as $$
  insert into registry.waiting_numbers (run_id, line, external_id, personnummer_index, personnummer_index_previous, personnummer_sealed,
    personnummer_masked, counted_unchanged)
  select p_run.id, r.line, r.external_id, r.personnummer_index, coalesce(r.personnummer_index_previous, '{}'), r.personnummer_sealed,
    r.personnummer_masked, not s.is_new and s.changed = '{}'
  from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where s.number = 'duplicate'
$$;
comment on function private.keep_waiting is 'In: a run, its steps. Keeps the numbers that other members have until the file has been read.';
-- end db/functions/private.keep_waiting.sql

-- begin db/functions/private.import_batch.sql
-- One batch of an import. Rows with the same number go one after the other, so that the second one finds the first. Numbers that
-- another member has wait for the end of the file (private.settle_waiting).
create or replace function private.import_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns registry.import_runs
language plpgsql volatile
set search_path = ''
as $$
declare
  v_run registry.import_runs := p_run;
  v_rows private.imported_member[] := p_rows;
  v_now private.imported_member[];
  v_steps private.import_step[];
begin
  while cardinality(v_rows) > 0 loop
    select array_agg(r.one order by (r.one).line) filter (where r.nth = 1), coalesce(array_agg(r.one) filter (where r.nth > 1), '{}')
    into v_now, v_rows
    from (
      select one, row_number() over (partition by coalesce(one.personnummer_index, one.external_id) order by one.line) as nth
      from unnest(v_rows) as one
    ) as r;
    if not v_run.dry_run then
      perform private.lock_import(v_run, v_now);
    end if;
    v_steps := array(select s from private.plan_import(v_run, v_now) as s);
    if not v_run.dry_run then
      perform private.write_import(v_run, v_steps);
      perform private.record_import(v_run, v_steps);
      perform private.open_import_case(v_run, s) from unnest(v_steps) as s where s.number = 'conflict';
    end if;
    perform private.keep_waiting(v_run, v_steps);
    insert into registry.import_lines (run_id, external_id, personnummer_index)
    select v_run.id, (s.imported).external_id, case when v_run.dry_run and s.number = 'write' then (s.imported).personnummer_index end
    from unnest(v_steps) as s
    on conflict (run_id, external_id) do update set rejected = false, personnummer_index = excluded.personnummer_index;
    select v_run.added + count(*) filter (where s.is_new),
           v_run.updated + count(*) filter (where s.changed <> '{}'),
           v_run.unchanged + count(*) filter (where not s.is_new and s.changed = '{}'),
           v_run.conflicts + count(*) filter (where s.number = 'conflict')
    into v_run.added, v_run.updated, v_run.unchanged, v_run.conflicts
    from unnest(v_steps) as s;
  end loop;
  return v_run;
end
$$;
comment on function private.import_batch is 'In: a run, rows with different external ids. Out: the run with its counts. Writes records, cases and audit events, or in a dry run nothing of these; numbers that another member has wait.';
-- end db/functions/private.import_batch.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
