-- A removal that failed, and a coordinator has closed the case: it was done by hand, or there is nothing there to remove.
create or replace function private.tg_conflicts__removed()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.forget_external_id(NEW.member_id);
  return null;
end
$$;
comment on function private.tg_conflicts__removed is 'Trigger: of an erased record the member number goes when the case about its removal is closed.';

create or replace trigger _300_removed
after update of state on registry.conflicts
for each row when (NEW.kind = 'push_failed' and NEW.state = 'resolved' and NEW.decision = 'keep_existing')
execute function private.tg_conflicts__removed();
