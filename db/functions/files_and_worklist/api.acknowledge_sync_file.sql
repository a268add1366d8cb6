-- The receiver confirms a file, except for members it could not update.
create or replace function api.acknowledge_sync_file(file_id uuid, refused_external_ids text[] default '{}')
returns jsonb
language sql volatile
set search_path = pg_catalog, pg_temp
begin atomic
  select private.acknowledge_sync_file(acknowledge_sync_file.file_id, acknowledge_sync_file.refused_external_ids);
end;
comment on function api.acknowledge_sync_file is 'In: a file of api.sync_files that is ready, the external ids of members it could not be carried out for. Out: how many changes were delivered and how many refused (each a case), or a refusal with code and message (HTTP 404, 409).';
grant execute on function api.acknowledge_sync_file to authenticated;
