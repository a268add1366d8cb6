-- A snapshot again, as it was.
create or replace function worker.grant_report(organization text, snapshot_id uuid)
returns jsonb
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select private.describe_snapshot(s) from reporting.snapshots as s join registry.organizations as g on g.id = s.organization_id
  where g.slug = grant_report.organization and s.id = grant_report.snapshot_id
$$;
comment on function worker.grant_report is 'In: organisation (slug), a snapshot of it. Out: all of it but the persons; null: there is no such snapshot.';
grant execute on function worker.grant_report to sync_worker;
