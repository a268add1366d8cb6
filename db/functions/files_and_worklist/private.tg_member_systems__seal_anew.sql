-- What stands on a worklist is sealed once, and then waits for a person, for days. A key that comes later, or takes the place of one
-- that was lost, would not be used until then, and a number that nobody can open is none; so what waits is sealed again.
create or replace function private.tg_member_systems__seal_anew()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  for v_id in
    update sync.pushes as p
    set accepted_until = null, status_url = null, receiver_sealed = null, next_attempt_at = clock_timestamp()
    where p.organization_id = NEW.organization_id and p.state = 'pending' and p.accepted_until is not null
    returning p.id
  loop
    perform private.enqueue('push_personnummer', v_id);
  end loop;
  return null;
end
$$;
comment on function private.tg_member_systems__seal_anew is 'After update: a worklist with another key has what waits sealed again.';
create or replace trigger _100_seal_anew after update of kind, receiver_key on sync.member_systems
  for each row when (NEW.kind = 'worklist' and (OLD.kind, OLD.receiver_key) is distinct from (NEW.kind, NEW.receiver_key))
  execute function private.tg_member_systems__seal_anew();
