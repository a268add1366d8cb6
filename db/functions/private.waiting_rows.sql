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
