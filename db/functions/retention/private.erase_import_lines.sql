-- A dry run removes what it has read when it ends. One that was killed leaves indexes of numbers that may be nobody's here. One
-- statement, because ctid means the same row within one statement only.
create or replace function private.erase_import_lines(p_most integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  with erased as (
    delete from registry.import_lines as l
    where l.ctid = any (array(
      select due.ctid from registry.import_runs as r join registry.import_lines as due on due.run_id = r.id
      where r.dry_run and r.started_at < now() - interval '1 day'
      limit p_most))
    returning 1
  )
  select count(*)::integer from erased
$$;
comment on function private.erase_import_lines is 'In: how many at most. Out: how many lines were erased of dry runs that are older than a day.';
