-- A number that another member has may be given up by that member in a later row of the same file. So it waits until all rows have come.
create or replace function private.keep_waiting(p_run registry.import_runs, p_steps private.import_step[])
returns void
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into registry.waiting_numbers (run_id, line, external_id, personnummer_index, personnummer_index_previous, personnummer_sealed,
    personnummer_masked, counted_unchanged)
  select p_run.id, r.line, r.external_id, r.personnummer_index, coalesce(r.personnummer_index_previous, '{}'), r.personnummer_sealed,
    r.personnummer_masked, not s.is_new and s.changed = '{}'
  from unnest(p_steps) as s cross join lateral (select (s.imported).*) as r
  where s.number = 'duplicate'
$$;
comment on function private.keep_waiting is 'In: a run, its steps. Keeps the numbers that other members have until the file has been read.';
