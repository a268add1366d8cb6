-- However a case is opened or ends (decided, taken back, answered by itself, merged away): what is on its way to the member system is looked
-- at in the same transaction.
create or replace function private.tg_conflicts__hold_or_release_pushes()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if TG_OP = 'INSERT' then
    perform private.hold_or_release_pushes(NEW.organization_id, NEW.candidates || NEW.member_id || NEW.other_member_id);
  elsif (NEW.closed_at is null, NEW.other_member_id, NEW.personnummer_index)
    is distinct from (OLD.closed_at is null, OLD.other_member_id, OLD.personnummer_index) then
    perform private.hold_or_release_pushes(NEW.organization_id, NEW.candidates || NEW.member_id || NEW.other_member_id || OLD.other_member_id);
  end if;
  return null;
end
$$;
comment on function private.tg_conflicts__hold_or_release_pushes is 'After insert or update: pushes begin to wait for a case about their number, or go on when it ends.';
create or replace trigger _100_hold_or_release_pushes after insert or update of closed_at, other_member_id, personnummer_index on registry.conflicts
  for each row when (private.disputes_number(NEW.kind))
  execute function private.tg_conflicts__hold_or_release_pushes();
