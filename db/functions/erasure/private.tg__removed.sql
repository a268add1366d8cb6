-- Of an erased record the member number is kept only until its personnummer is removed from the member system. That has arrived; or the removal
-- failed, and a coordinator has closed the case: it was done by hand, or there is nothing there to remove.
create or replace function private.tg__removed()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.forget_external_id(NEW.member_id);
  return null;
end
$$;
comment on function private.tg__removed is 'Trigger: of an erased record the member number goes when the member system has removed the personnummer, or the case about it is closed.';

create or replace trigger _300_removed
after update of state on sync.pushes
for each row when (NEW.state = 'delivered' and NEW.removal) execute function private.tg__removed();

create or replace trigger _300_removed
after update of state on registry.conflicts
for each row when (NEW.kind = 'push_failed' and NEW.state = 'resolved' and NEW.decision = 'keep_existing')
execute function private.tg__removed();
