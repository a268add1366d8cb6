-- Between a file and the first row of it that is written stands this: it looks like the last import, or a person has looked and says
-- that it may be imported. What it looks like is kept for the next one.
create or replace function import.accept_file(run_id uuid, looks jsonb, is_partial boolean, is_accepted boolean)
returns table (difference registry.import_difference, column_name text, before integer, now integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run constant registry.import_runs := private.lock_run(accept_file.run_id);
  v_differences jsonb;
begin
  select coalesce(jsonb_agg(to_jsonb(d)), '[]') into v_differences
  from private.import_differences(v_run.organization_id, accept_file.looks, accept_file.is_partial) as d;
  if v_differences = '[]' or accept_file.is_accepted then
    update registry.import_runs as r
    set looks = accept_file.looks || jsonb_build_object('partial', accept_file.is_partial), accepted_at = clock_timestamp()
    where r.id = v_run.id;
  end if;
  if v_differences <> '[]' and accept_file.is_accepted and not v_run.dry_run then
    perform private.record_event('import_differences_accepted', 'import', v_run.organization_id,
      'A file that looks different from the last import was imported all the same; whoever started it has looked.',
      p_detail => jsonb_build_object('import_run_id', v_run.id, 'differences', v_differences));
  end if;
  return query select d.* from jsonb_to_recordset(v_differences)
    as d(difference registry.import_difference, column_name text, before integer, now integer);
exception when data_exception or check_violation then
  raise exception 'What the file looks like is not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN007';
end
$$;
comment on function import.accept_file is 'In: a run, what its file looks like, whether it holds only a part of the members, whether a person has looked. Out: what makes it look different from the last import. Without differences, or where a person has looked, its rows may be loaded. Raises PN006, PN007.';
grant execute on function import.accept_file to member_importer;
