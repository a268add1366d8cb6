-- Rows that are not imported are remembered by line and reason; the file of rejected rows is written from here, so that a
-- killed import loses none and lists none twice.
create or replace function private.reject_rows(p_run_id uuid, p_rejections jsonb)
returns integer
language sql volatile
set search_path = ''
as $$
  with rejected as (
    insert into registry.import_rejections (run_id, line, reasons)
    select p_run_id, r.line, r.reasons
    from jsonb_to_recordset(p_rejections) as r(line integer, reasons text[])
    on conflict (run_id, line) do nothing
    returning 1
  )
  select count(*)::integer from rejected
$$;
comment on function private.reject_rows is 'In: a run, [{line, reasons}]. Out: how many were new.';
