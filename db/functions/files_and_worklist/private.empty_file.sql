-- What still waits in a file that is no longer good waits for the next one. Locked in the order in which others lock several pushes.
create or replace function private.empty_file(p_file sync.files, p_error_code text)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.pushes as p
  set accepted_until = null, file_id = null, error_code = p_error_code, next_attempt_at = clock_timestamp()
  from (
    select k.id from sync.pushes as k
    where k.organization_id = p_file.organization_id and k.file_id = p_file.id and k.settled_at is null
    order by k.id for update) as held
  where p.id = held.id;
end
$$;
comment on function private.empty_file is 'In: a locked file, the code its changes get (null: none). Makes them due for the next file.';
