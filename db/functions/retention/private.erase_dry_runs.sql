-- A dry run that is older than a day was killed: nobody waits that long for counts. It is gone as if it had ended.
create or replace function private.erase_dry_runs(p_most integer)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_due constant uuid[] := array(
    select r.id from registry.import_runs as r
    where r.dry_run and r.started_at < now() - interval '1 day'
      and not exists (select from registry.import_lines as l where l.run_id = r.id)
    limit p_most for update skip locked);
begin
  delete from registry.import_runs as r where r.id = any (v_due);
  return cardinality(v_due);
end
$$;
comment on function private.erase_dry_runs is 'In: how many at most. Out: how many dry runs of imports were erased that have no lines left.';
