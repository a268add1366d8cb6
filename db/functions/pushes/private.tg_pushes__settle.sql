-- Whatever settles a push ends its lease and what it waited for with it, so that no final row holds a number sealed for
-- somebody, or a slot that others could use.
create or replace function private.tg_pushes__settle()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if NEW.settled_at is not null then
    NEW.lease_expires_at := null;
    NEW.slot := null;
    NEW.accepted_until := null;
    NEW.status_url := null;
    NEW.receiver_sealed := null;
  end if;
  if NEW.next_attempt_at is null then
    NEW.waits_for_conflict_id := null;
  end if;
  return NEW;
end
$$;
comment on function private.tg_pushes__settle is 'Before update: a settled push holds no lease, slot, status URL or sealed number, and one that is not tried again waits for no case.';
create or replace trigger _100_settle before update on sync.pushes
  for each row execute function private.tg_pushes__settle();
