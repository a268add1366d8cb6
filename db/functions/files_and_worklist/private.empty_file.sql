-- What still waits in a file that is no longer good waits for the next one.
create or replace function private.empty_file(p_file sync.files, p_error_code text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.pushes
  set accepted_until = null, file_id = null, error_code = p_error_code, next_attempt_at = clock_timestamp()
  where organization_id = p_file.organization_id and file_id = p_file.id and settled_at is null;
end
$$;
comment on function private.empty_file is 'In: a locked file, the code its changes get (null: none). Makes them due for the next file.';
