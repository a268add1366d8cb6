-- A number in one of its changes is in question by now, and nobody has fetched the file: it can be taken back.
create or replace function private.file_is_disputed(f sync.files)
returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return f.state = 'ready' and f.fetched_at is null and exists (
    select from sync.pushes as p
    where p.organization_id = f.organization_id and p.file_id = f.id and p.waits_for_conflict_id is not null);
end
$$;
comment on function private.file_is_disputed is 'In: a file. Out: whether it is to be taken back because one of its changes waits for a case.';
