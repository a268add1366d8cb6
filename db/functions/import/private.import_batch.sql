-- One batch of an import. A number that another member has, or gets by an earlier row, may be given up by that member in a later row: it waits
-- for the end of the file (private.settle_waiting).
create or replace function private.import_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := p_run;
  v_steps private.import_step[];
  v_locked uuid[];
begin
  if not v_run.dry_run then
    v_locked := private.lock_imported(v_run, p_rows);
  end if;
  v_steps := private.plan_batch(v_run, p_rows);
  if not v_run.dry_run then
    perform private.still_locked(v_steps, v_locked);
    perform private.write_import(v_run, v_steps);
    perform private.close_obsolete_cases(v_run.organization_id, got.ids, 'import')
    from (select array_agg(s.member_id) as ids from unnest(v_steps) as s where s.number = 'write' and not s.is_new) as got
    where got.ids is not null;
    perform private.open_import_case(v_run, s) from unnest(v_steps) as s where s.number = 'conflict';
  end if;
  insert into registry.waiting_numbers (run_id, line, external_id, personnummer_index, personnummer_index_previous, personnummer_sealed,
    personnummer_masked, counted_unchanged)
  select v_run.id, r.line, r.external_id, r.personnummer_index, coalesce(r.personnummer_index_previous, '{}'), r.personnummer_sealed,
    r.personnummer_masked, not s.is_new and s.changed = '{}'
  from unnest(v_steps) as s cross join lateral (select (s.imported).*) as r
  where s.number = 'duplicate';
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
  return v_run;
end
$$;
comment on function private.import_batch is 'In: a run, rows with different external ids. Out: the run with its counts. Writes records, cases and audit events, or in a dry run nothing of these; numbers that another member has wait.';
