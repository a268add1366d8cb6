-- Of a frozen snapshot's persons one thing may happen: that they are erased. Who counted and why not is left as it was.
create or replace function private.tg_snapshot_persons__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (NEW.erased_at is null
      or (OLD.snapshot_id, OLD.organization_id, OLD.nth, OLD.member_id, OLD.verified, OLD.reason, OLD.place_problem)
        is distinct from (NEW.snapshot_id, NEW.organization_id, NEW.nth, NEW.member_id, NEW.verified, NEW.reason, NEW.place_problem))
    and exists (select from reporting.snapshots as s where s.id in (OLD.snapshot_id, NEW.snapshot_id) and s.state = 'frozen') then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return NEW;
end
$$;
comment on function private.tg_snapshot_persons__frozen is 'Refuses changes of persons of frozen snapshots, but for erasing them.';
create or replace trigger _100_frozen
before update on reporting.snapshot_persons
for each row execute function private.tg_snapshot_persons__frozen();
alter table reporting.snapshot_persons enable always trigger _100_frozen;
