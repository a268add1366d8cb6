-- A file that the caller may see, locked. Here, and not in the login that put a number in question, a file is taken back for it: a login
-- never does work in proportion to a file. What nobody asks for is taken back within a minute (private.expire_files).
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
  if private.file_is_disputed(f) then
    f := private.withdraw_file(f.id);
  end if;
  return f;
end
$$;
comment on function private.lock_file is 'In: a file. Out: the file, locked; null when the caller may not see it.';
