-- The one change of an event that there is (audit.redact_events): what was said is taken out, once, and nothing else is touched.
create or replace function audit.tg_events__redact_only()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_kept audit.events := NEW;
begin
  v_kept.message := OLD.message;
  v_kept.detail := OLD.detail;
  v_kept.redacted_at := null;
  if OLD.redacted_at is not null or NEW.redacted_at is null or NEW.detail <> '{}' or v_kept is distinct from OLD then
    raise exception 'Rows of audit.events are never changed, but for what audit.redact_events takes out.'
      using errcode = 'insufficient_privilege', hint = 'Append a new event that puts right what this one says.';
  end if;
  return NEW;
end
$$;
comment on function audit.tg_events__redact_only is 'Trigger: refuses every change of an event but its redaction, with 42501.';

create or replace trigger _200_redact_only
before update on audit.events
for each row execute function audit.tg_events__redact_only();
alter table audit.events enable always trigger _200_redact_only;
