-- A coordinator's own snapshots and nobody else's: another organisation's is not there, as one that is not there at all.
create or replace function private.snapshot_of_caller(p_snapshot_id uuid)
returns reporting.snapshots
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  s reporting.snapshots;
begin
  select known.* into s from reporting.snapshots as known
  where known.id = p_snapshot_id and known.organization_id = any (private.coordinator_organizations());
  return s;
end
$$;
comment on function private.snapshot_of_caller is 'In: a snapshot. Out: it, or null where the caller may not see it.';
