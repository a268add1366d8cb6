-- A count writes a million rows, and one that takes its place removes them: asked once a statement, not once a row.
create or replace function private.tg_snapshot_persons__written_once()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from reporting.snapshots as s where s.state = 'frozen' and s.id in (select c.snapshot_id from changed as c)) then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return null;
end
$$;
comment on function private.tg_snapshot_persons__written_once is 'Refuses new persons in frozen snapshots, and removing theirs.';
create or replace trigger _200_written_once
after insert on reporting.snapshot_persons referencing new table as changed
for each statement execute function private.tg_snapshot_persons__written_once();
alter table reporting.snapshot_persons enable always trigger _200_written_once;
create or replace trigger _300_removed_never
after delete on reporting.snapshot_persons referencing old table as changed
for each statement execute function private.tg_snapshot_persons__written_once();
alter table reporting.snapshot_persons enable always trigger _300_removed_never;
