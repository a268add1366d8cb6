-- An audit that can be changed proves nothing. It belongs to the audit's owner, so that no function of ours can replace it. ALWAYS:
-- session_replication_role = replica does not skip these triggers. One function may pass, audit.redact_events, known by its owner and by the call
-- it makes here; what it may change of an event is said by audit.tg_events__redact_only.
create or replace function audit.tg__refuse_change()
returns trigger
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_calls text;
begin
  get diagnostics v_calls = pg_context;
  if current_user = 'audit_owner' and TG_OP <> 'TRUNCATE' and position('audit.redact_events(bigint[],text)' in v_calls) > 0
    and (TG_TABLE_NAME, TG_OP) in (('events', 'UPDATE'), ('salts', 'DELETE')) then
    return null;
  end if;
  raise exception 'Rows of %.% are never changed or removed.', TG_TABLE_SCHEMA, TG_TABLE_NAME
    using errcode = 'insufficient_privilege', hint = 'Append a new event that puts right what this one says.';
end
$$;
comment on function audit.tg__refuse_change is 'Trigger: refuses the statement with 42501.';

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.events
for each statement execute function audit.tg__refuse_change();
alter table audit.events enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.leaves
for each statement execute function audit.tg__refuse_change();
alter table audit.leaves enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.salts
for each statement execute function audit.tg__refuse_change();
alter table audit.salts enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.nodes
for each statement execute function audit.tg__refuse_change();
alter table audit.nodes enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.checkpoints
for each statement execute function audit.tg__refuse_change();
alter table audit.checkpoints enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.sealing_keys
for each statement execute function audit.tg__refuse_change();
alter table audit.sealing_keys enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.epochs
for each statement execute function audit.tg__refuse_change();
alter table audit.epochs enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before delete or truncate on audit.erasures
for each statement execute function audit.tg__refuse_change();
alter table audit.erasures enable always trigger _100_refuse_change;

create or replace trigger _100_refuse_change
before update or delete or truncate on audit.erased_records
for each statement execute function audit.tg__refuse_change();
alter table audit.erased_records enable always trigger _100_refuse_change;
