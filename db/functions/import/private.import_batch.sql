-- One batch of an import. Rows with the same number go one after the other, so that the second one finds the first. A number that
-- another member has may be given up by that member in a later row: it waits for the end of the file (private.settle_waiting).
create or replace function private.import_batch(p_run registry.import_runs, p_rows private.imported_member[])
returns registry.import_runs
language plpgsql volatile
set search_path = pg_catalog, pg_temp
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
  end loop;
  return v_run;
end
$$;
comment on function private.import_batch is 'In: a run, rows with different external ids. Out: the run with its counts. Writes records, cases and audit events, or in a dry run nothing of these; numbers that another member has wait.';
