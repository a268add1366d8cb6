-- migrate:up
-- Coordinators see their own organisations' snapshots and figures. Persons only by functions, which write down that they were taken out.
set local role registry_owner;

create policy own_organization on reporting.snapshots as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on reporting.snapshots for select to authenticated using (true);
grant select (id, organization_id, base_year, rule_code, rule, counted_on, state, version, corrects, made_at, started_at, failed_at, failure,
  imported_at, counting_digest, records,
    counted, verified, counties, municipalities, probable_duplicates, open_cases, meets, digest, frozen_at, conflict_id)
  on reporting.snapshots to authenticated;

create policy own_organization on reporting.snapshot_figures as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on reporting.snapshot_figures for select to authenticated using (true);
grant select (snapshot_id, organization_id, dimension, key, name, counted, verified)
  on reporting.snapshot_figures to authenticated;

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
