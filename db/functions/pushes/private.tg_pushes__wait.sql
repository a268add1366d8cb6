-- A number that is in question is not carried on: what waits to be sent waits for the case. Asked of every push that becomes due, whoever
-- makes it so, so that no retry, probe or daily try lets one go. Left out is what has gone out already: a change that the member system
-- has taken in (status_url), or that is in a file that somebody has fetched. In one that nobody has fetched it is marked, and stays until
-- the file is taken back (private.file_is_disputed). A push that goes on gets its job here; a new one and one that failed get it from what
-- writes them (private.queue_push, private.wait_again).
create or replace function private.tg_pushes__wait()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before constant uuid := case TG_OP when 'UPDATE' then OLD.waits_for_conflict_id end;
  v_is_out boolean := false;
begin
  if NEW.file_id is not null then
    if TG_OP = 'UPDATE' and OLD.file_id is distinct from NEW.file_id then
      return NEW; -- it has just been looked at (worker.finish_file)
    end if;
    v_is_out := exists (select from sync.files as f where f.id = NEW.file_id and f.fetched_at is not null);
  end if;
  NEW.waits_for_conflict_id := case when not v_is_out then private.disputing_case(NEW) end;
  if NEW.waits_for_conflict_id is not null then
    NEW.next_attempt_at := 'infinity';
    if NEW.file_id is null then
      NEW.accepted_until := null;
      NEW.receiver_sealed := null;
    end if;
    -- What opens a case says so in its own event, with the push (private.act_on_outcome, private.open_import_case).
    if v_before is null and exists (
      select from registry.conflicts as c where c.id = NEW.waits_for_conflict_id and c.opened_at <> now())
    then
      perform private.record_push_event('push_held', NEW, 'The push waits: its number is in question in an open case.', NEW.waits_for_conflict_id);
    end if;
  elsif NEW.next_attempt_at = 'infinity' then
    NEW.next_attempt_at := coalesce(NEW.accepted_until, clock_timestamp());
    if NEW.accepted_until is null then
      perform private.enqueue('push_personnummer', NEW.id);
    end if;
    if not v_is_out then
      perform private.record_push_event('push_released', NEW, 'The push goes on: the case that it waited for is closed.', v_before);
    end if;
  end if;
  return NEW;
end
$$;
comment on function private.tg_pushes__wait is 'Before insert or update: a push whose number is in question waits for the case, one that waited goes on when it is settled.';
create or replace trigger _200_wait before insert or update of state, next_attempt_at, file_id, status_url on sync.pushes
  for each row when (NEW.state in ('pending', 'given_up') and NEW.next_attempt_at is not null and NEW.status_url is null)
  execute function private.tg_pushes__wait();
