-- An empty database fills faster than autovacuum looks at it, and plans made for a handful of rows read whole tables for each
-- row of a million. So statistics are taken whenever the import has doubled, which is ten times for a million rows.
create or replace function private.analyze_import(p_records_before integer, p_records_now integer)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if log(2, greatest(p_records_now, 512))::integer > log(2, greatest(p_records_before, 512))::integer then
    analyze registry.members, registry.import_lines;
  end if;
end
$$;
comment on function private.analyze_import is 'In: records done before and after a batch. Takes statistics of the tables that grew, if the import has doubled.';
