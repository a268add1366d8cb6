-- The main call of an import: one batch, one transaction. A batch that has arrived already is answered and not done again, so the
-- program may repeat it when a connection breaks.
create or replace function import.load_rows(run_id uuid, from_record integer, records integer, rows jsonb, rejections jsonb)
returns table (records_done integer, added integer, updated integer, unchanged integer, duplicates integer, conflicts integer, rejected integer)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run registry.import_runs := private.lock_run(load_rows.run_id);
  v_rows private.imported_member[];
  v_repeated jsonb;
begin
  if v_run.records_done < load_rows.from_record then
    raise exception 'Records of the file were left out.' using errcode = 'PN007';
  elsif v_run.records_done = load_rows.from_record then
    select coalesce(array_agg(r.imported) filter (where r.is_first and r.refused_as is null), '{}'),
           coalesce(jsonb_agg(jsonb_build_object('line', (r.imported).line,
             'reasons', array[case when r.is_first then r.refused_as else 'external_id_repeated' end]))
             filter (where not r.is_first or r.refused_as is not null), '[]')
    into v_rows, v_repeated
    from private.read_rows(v_run, load_rows.rows) as r;
    v_run.rejected := v_run.rejected + private.reject_rows(v_run.id, load_rows.rejections || v_repeated);
    v_run := private.import_batch(v_run, v_rows);
    v_run.records_done := v_run.records_done + load_rows.records;
    update registry.import_runs as r
    set (records_done, added, updated, unchanged, duplicates, conflicts, rejected)
      = (v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected)
    where r.id = v_run.id;
    perform private.analyze_import(load_rows.from_record, v_run.records_done);
  end if;
  return query select v_run.records_done, v_run.added, v_run.updated, v_run.unchanged, v_run.duplicates, v_run.conflicts, v_run.rejected;
exception
when unique_violation then -- a decision is taken back at this moment, and gives a number to somebody
  raise exception 'A number was given to somebody else meanwhile.' using errcode = 'serialization_failure';
when integrity_constraint_violation or data_exception then
  raise exception 'The rows are not acceptable: SQLSTATE %.', SQLSTATE using errcode = 'PN007';
end
$$;
comment on function import.load_rows is 'In: run, number of records before these, number of records, rows with sealed numbers, rejected lines. Out: the counts so far. Raises PN006, PN007; serialization_failure: call again.';
grant execute on function import.load_rows to member_importer;
