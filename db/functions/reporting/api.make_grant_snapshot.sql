-- A coordinator has the members counted for a grant.
create or replace function api.make_grant_snapshot(organization text, base_year integer, rule text, corrects uuid default null)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.make_grant_snapshot(make_grant_snapshot.organization, make_grant_snapshot.base_year, make_grant_snapshot.rule,
    make_grant_snapshot.corrects);
end;
comment on function api.make_grant_snapshot is 'In: organisation (slug), base year, rule (api.grant_rules), the frozen snapshot that is corrected (null: none). Out: {"snapshot_id", "state": "asked", "base_year", "rule_code"}: a worker counts it (api.grant_snapshots.state), and a draft of the same year and rule gives way then; or a refusal with code and message (HTTP 404, 409, 422).';
grant execute on function api.make_grant_snapshot to authenticated;
