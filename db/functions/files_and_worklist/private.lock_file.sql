-- A file that the caller may see, locked.
create or replace function private.lock_file(p_file_id uuid)
returns sync.files
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  f sync.files;
begin
  select known.* into f from sync.files as known
  where known.id = p_file_id and known.organization_id = any (private.coordinator_organizations()) for update;
  return f;
end
$$;
comment on function private.lock_file is 'In: a file. Out: the file, locked; null when the caller may not see it.';
