-- The file itself, sealed for the organisation's own key.
create or replace function api.fetch_sync_file(file_id uuid)
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.fetch_sync_file(fetch_sync_file.file_id);
end;
comment on function api.fetch_sync_file is 'In: a file of api.sync_files that is ready. Out: the CSV (external_id,personnummer; an empty number is to be removed) as a compact JWE for the organisation''s receiver_key, or a refusal with code and message (HTTP 404, 409). Every call is audited; after the fifth within an hour they are counted.';
grant execute on function api.fetch_sync_file to authenticated;
