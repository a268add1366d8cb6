-- A frozen snapshot never changes: not by a later program, and not by ours. ALWAYS, here and for what belongs to it: who migrates on hosted Supabase
-- may set session_replication_role, which skips other triggers.
create or replace function private.tg_snapshots__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if OLD.state = 'frozen' then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return case TG_OP when 'DELETE' then OLD else NEW end;
end
$$;
comment on function private.tg_snapshots__frozen is 'Refuses changes of frozen snapshots.';
create or replace trigger _100_frozen
before update or delete on reporting.snapshots
for each row execute function private.tg_snapshots__frozen();
alter table reporting.snapshots enable always trigger _100_frozen;
