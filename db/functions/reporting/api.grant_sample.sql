-- The auditor draws members to check.
create or replace function api.grant_sample(snapshot_id uuid, size integer, seed text default '')
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.grant_sample(grant_sample.snapshot_id, grant_sample.size, grant_sample.seed);
end;
comment on function api.grant_sample is 'In: a snapshot, 1 to 1000, a word. Out: {"rows": [...]}: always the same for the same three; or a refusal with code and message (HTTP 404, 422).';
grant execute on function api.grant_sample to authenticated;
