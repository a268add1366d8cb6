-- Rows as the program hands them over. A member can stand in a file once only; while an organisation has not recorded its legal
-- basis, numbers are dropped here, as they are for logins. Who was erased is not brought back.
create or replace function private.read_rows(p_run registry.import_runs, p_rows jsonb)
returns table (imported private.imported_member, is_first boolean, refused_as text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select r,
    row_number() over (partition by r.external_id order by r.line) = 1
      and not exists (select from registry.import_lines as l where l.run_id = p_run.id and l.external_id = r.external_id and not l.rejected),
    private.why_not_import(p_run, r.external_id)
  from registry.organizations as g
  cross join lateral jsonb_array_elements(p_rows) as e(element)
  cross join lateral jsonb_populate_record(null::private.imported_member, case when g.capture then e.element else e.element
    - array['personnummer_index', 'personnummer_index_previous', 'personnummer_sealed', 'personnummer_masked'] end) as r
  where g.id = p_run.organization_id
$$;
comment on function private.read_rows is 'In: a run, rows as JSON. Out: the rows, whether the file has had no row with that external id before, and the code by which it is refused because the person was erased.';
