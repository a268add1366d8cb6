-- Rows that are not imported are remembered by line and reason; the file of rejected rows is written from here, so that a
-- killed import loses none and lists none twice. Whose row it was is in the file all the same, and not absent.
create or replace function private.reject_rows(p_run_id uuid, p_rejections jsonb)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with rejected as (
    insert into registry.import_rejections (run_id, line, reasons)
    select p_run_id, r.line, r.reasons
    from jsonb_to_recordset(p_rejections) as r(line integer, reasons text[])
    on conflict (run_id, line) do nothing
    returning 1
  ), present as (
    insert into registry.import_lines (run_id, external_id, rejected)
    select distinct p_run_id, r.external_id, true
    from jsonb_to_recordset(p_rejections) as r(external_id text) where r.external_id is not null
    on conflict (run_id, external_id) do nothing
  )
  select count(*)::integer from rejected
$$;
comment on function private.reject_rows is 'In: a run, [{line, reasons, external_id}]; external_id null: could not be read. Out: how many were new.';
