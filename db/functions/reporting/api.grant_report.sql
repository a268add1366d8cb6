-- A snapshot as a whole, for whoever prints or compares it.
create or replace function api.grant_report(snapshot_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.grant_report(grant_report.snapshot_id);
end;
comment on function api.grant_report is 'In: a snapshot. Out: what was counted, rule, division, figures by county, municipality, birth year, chapter and reason, and the digest; or a refusal with code and message (HTTP 404). No persons.';
grant execute on function api.grant_report to authenticated;
