-- Of a frozen snapshot's persons one thing may happen: that they are erased. Who counted and why not is left as it was.
create or replace function private.tg_snapshot_persons__frozen()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if (TG_OP = 'DELETE' or NEW.erased_at is null
      or (OLD.snapshot_id, OLD.nth, OLD.member_id, OLD.verified) is distinct from (NEW.snapshot_id, NEW.nth, NEW.member_id, NEW.verified)
      or OLD.reason is distinct from NEW.reason)
    and exists (select from reporting.snapshots as s where s.id = OLD.snapshot_id and s.state = 'frozen') then
    raise exception 'A frozen snapshot does not change; a correction is a new one.' using errcode = 'PN012';
  end if;
  return case TG_OP when 'DELETE' then OLD else NEW end;
end
$$;
comment on function private.tg_snapshot_persons__frozen is 'Refuses changes of persons of frozen snapshots, but for erasing them.';
create or replace trigger _100_frozen
before update or delete on reporting.snapshot_persons
for each row execute function private.tg_snapshot_persons__frozen();
