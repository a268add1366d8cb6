-- Figures are written once, while they are counted.
create or replace function private.tg_snapshot_figures__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from reporting.snapshots as s where s.id in (OLD.snapshot_id, NEW.snapshot_id) and s.state = 'frozen') then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return coalesce(NEW, OLD);
end
$$;
comment on function private.tg_snapshot_figures__frozen is 'Refuses changes of figures of frozen snapshots.';
create or replace trigger _100_frozen
before insert or update or delete on reporting.snapshot_figures
for each row execute function private.tg_snapshot_figures__frozen();
alter table reporting.snapshot_figures enable always trigger _100_frozen;
