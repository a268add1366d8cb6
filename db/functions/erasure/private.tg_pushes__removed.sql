-- A removal has arrived.
create or replace function private.tg_pushes__removed()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.forget_external_id(NEW.member_id);
  return null;
end
$$;
comment on function private.tg_pushes__removed is 'Trigger: of an erased record the member number goes when the member system has removed the personnummer.';

create or replace trigger _300_removed
after update of state on sync.pushes
for each row when (NEW.state = 'delivered' and NEW.removal) execute function private.tg_pushes__removed();
