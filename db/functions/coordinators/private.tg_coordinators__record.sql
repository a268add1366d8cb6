-- Who may see members' records is itself something to be looked up later. A row that goes takes its sessions along (foreign key), and
-- one that is given to another login ends those of the login before.
create or replace function private.tg_coordinators__record()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c constant registry.coordinators := coalesce(NEW, OLD);
begin
  if TG_OP = 'DELETE' then
    perform private.record_event('coordinator_removed', 'operator', c.organization_id, 'A coordinator was removed.',
      p_detail => jsonb_build_object('user_id', c.user_id, 'sessions', (
        select count(*) from registry.sessions as s
        where s.coordinator_id = c.user_id and s.organization_id = c.organization_id and s.ended_at is null and s.expires_at > now())));
    return OLD;
  end if;
  if TG_OP = 'UPDATE' and OLD.subject is not null and (OLD.issuer, OLD.subject) is distinct from (NEW.issuer, NEW.subject) then
    perform private.end_session(s, 'link_removed') from registry.sessions as s
    where s.coordinator_id = c.user_id and s.organization_id = c.organization_id and s.ended_at is null;
  end if;
  if NEW.state = 'invited' and (TG_OP = 'INSERT' or OLD.invited_at is distinct from NEW.invited_at or OLD.state <> 'invited') then
    perform private.record_event('coordinator_invited', 'operator', c.organization_id, 'A coordinator was invited.',
      p_detail => jsonb_build_object('user_id', c.user_id));
  elsif TG_OP = 'INSERT' then
    perform private.record_event('coordinator_added', 'operator', c.organization_id, 'A coordinator was added.',
      p_detail => jsonb_build_object('user_id', c.user_id, 'state', c.state));
  end if;
  return NEW;
end
$$;
comment on function private.tg_coordinators__record is 'Trigger: an event when a coordinator is added, invited or removed; ends the sessions of a login that is no longer the coordinator''s.';
create or replace trigger _100_record
before delete on registry.coordinators
for each row execute function private.tg_coordinators__record();
create or replace trigger _110_record
after insert or update on registry.coordinators
for each row execute function private.tg_coordinators__record();
