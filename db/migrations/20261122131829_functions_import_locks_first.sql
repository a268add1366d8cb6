-- migrate:up
-- Written by `npm run db:freeze`. Edit db/functions/, never this file.
set local role registry_owner;

-- begin db/functions/private.lock_imported.sql
-- Logins go on while an import runs. Who is about to give a number to a member meets them at the number and then at the
-- record, in the same order as a login does. Numbers that their members have already are not locked, so importing the same
-- file again disturbs nobody.
create or replace function private.lock_imported(p_run registry.import_runs, p_rows private.imported_member[])
returns uuid[]
language plpgsql volatile
set search_path = ''
as $$
declare
  v_locked uuid[];
begin
  perform private.lock_number(p_run.organization_id, n.masked)
  from (
    select distinct r.personnummer_masked as masked
    from unnest(p_rows) as r
    where r.personnummer_index is not null and not exists (
      select from registry.members as m
      where m.organization_id = p_run.organization_id and m.external_id = r.external_id and m.personnummer_index = r.personnummer_index)
    order by 1
  ) as n;
  select array_agg(m.id) into v_locked from (
    select known.id from registry.members as known
    where known.id in (
      select s.member_id from private.plan_import(p_run, p_rows) as s where not s.is_new and s.changed <> '{}' or s.number = 'conflict')
    order by known.id for no key update) as m;
  return v_locked;
end
$$;
comment on function private.lock_imported is 'In: a run, its rows. Out: the members that are locked now. Waits until no login is about to change the same numbers or records.';
-- end db/functions/private.lock_imported.sql

-- begin db/functions/private.still_locked.sql
-- While an import waits for some records, a number may change on another one that it had no business with until then. Nobody would wait
-- for what it does to that one: a login could fill it a moment before it is overwritten, or its case be moot before it is open.
create or replace function private.still_locked(p_steps private.import_step[], p_locked uuid[])
returns void
language plpgsql volatile
set search_path = ''
as $$
begin
  if exists (
    select s.member_id from unnest(p_steps) as s where not s.is_new and (s.changed <> '{}' or s.number = 'conflict')
    except select unnest(p_locked))
  then
    raise exception 'A record was changed meanwhile.' using errcode = 'serialization_failure';
  end if;
end
$$;
comment on function private.still_locked is 'In: the steps of an import, the members that it has locked. Raises serialization_failure, so that the batch is sent again, if a step changes or asks about another member.';
-- end db/functions/private.still_locked.sql

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
  v_locked uuid[];
begin
  while cardinality(v_rows) > 0 loop
    if not v_run.dry_run then -- later rows too, as far as can be said: records locked one round after the other are in nobody's order
      v_locked := private.lock_imported(v_run, v_rows);
    end if;
    select array_agg(r.one order by (r.one).line) filter (where r.nth = 1), coalesce(array_agg(r.one) filter (where r.nth > 1), '{}')
    into v_now, v_rows
    from (
      select one, row_number() over (partition by coalesce(one.personnummer_index, one.external_id) order by one.line) as nth
      from unnest(v_rows) as one
    ) as r;
    v_steps := array(select s from private.plan_import(v_run, v_now) as s);
    if not v_run.dry_run then
      perform private.still_locked(v_steps, v_locked);
      perform private.write_import(v_run, v_steps);
      perform private.record_import(v_run, v_steps);
      perform private.close_moot_cases(v_run.organization_id, got.ids, 'import')
      from (select array_agg(s.member_id) as ids from unnest(v_steps) as s where s.number = 'write' and not s.is_new) as got
      where got.ids is not null;
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

-- begin db/functions/private.lock_link.sql
-- A link as it is once its member is locked. While this waits for a merge the link may move to the surviving record, which is locked then,
-- and the first one no more: whoever waits for a record holds none that others may lock after it. (An exception gives the lock back.)
create or replace function private.lock_link(p_link_id uuid)
returns registry.identity_links
language plpgsql volatile
set search_path = ''
as $$
declare
  l registry.identity_links;
  v_locked uuid;
begin
  loop
    begin
      select known.member_id into v_locked from registry.identity_links as known where known.id = p_link_id;
      perform from registry.members as m where m.id = v_locked for no key update;
      select known.* into l from registry.identity_links as known where known.id = p_link_id;
      exit when l.id is null or l.member_id = v_locked;
      raise exception 'The link moved meanwhile.' using errcode = 'serialization_failure';
    exception when serialization_failure then
      null; -- once more, with the record that it has moved to
    end;
  end loop;
  return l;
end
$$;
comment on function private.lock_link is 'In: id of a link. Out: the link, its member locked; null when it is gone.';
-- end db/functions/private.lock_link.sql

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
