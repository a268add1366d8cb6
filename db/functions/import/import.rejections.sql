-- For the file of rejected rows, a page at a time.
create or replace function import.rejections(run_id uuid, after_line integer, most integer)
returns table (line integer, reasons text[])
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select r.line, r.reasons from registry.import_rejections as r
  where r.run_id = rejections.run_id and r.line > rejections.after_line
  order by r.line limit rejections.most
$$;
comment on function import.rejections is 'In: a run, the last line of the page before (0: none), rows a page. Out: rejected lines with their reasons.';
grant execute on function import.rejections to member_importer;
