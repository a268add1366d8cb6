-- What a running import remembers of its file. Its next rows about the person are refused (private.read_rows).
create or replace function private.erase_imported(p private.person)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_lines integer;
  v_waiting integer;
begin
  delete from registry.import_lines as l using registry.import_runs as r
  where r.organization_id = p.organization_id and r.state = 'running' and l.run_id = r.id and l.external_id = any (p.external_ids);
  get diagnostics v_lines = row_count;
  delete from registry.waiting_numbers as w using registry.import_runs as r
  where r.organization_id = p.organization_id and r.state = 'running' and w.run_id = r.id
    and (w.external_id = any (p.external_ids) or w.personnummer_index = any (p.numbers));
  get diagnostics v_waiting = row_count;
  return jsonb_build_object('registry.import_lines', v_lines, 'registry.waiting_numbers', v_waiting);
end
$$;
comment on function private.erase_imported is 'In: a locked person. Out: how many rows, by table.';
