-- Waiting numbers as rows of an import.
create or replace function private.waiting_rows(p_run_id uuid, p_lines integer[])
returns private.imported_member[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array_agg(
    row(w.line, w.external_id, null, null, null, null, null, w.personnummer_index, w.personnummer_index_previous, w.personnummer_sealed,
      w.personnummer_masked, null, null, null, null, null, null, null, null, null)::private.imported_member order by w.line)
  from registry.waiting_numbers as w
  where w.run_id = p_run_id and w.line = any (p_lines)
$$;
comment on function private.waiting_rows is 'In: a run, lines of its file. Out: the numbers of these lines that wait.';
