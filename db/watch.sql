-- Every change of structure and privileges in our schemas leaves a row that the role which migrates cannot take away: table, function and
-- event triggers belong to the superuser who ran `npm run migrate`. Who may not create event triggers is told so, and no more happens.
-- PostgreSQL shows nothing of what concerns the whole cluster: roles, memberships, the database's own privileges.
do $install$
begin
  if exists (select from pg_event_trigger as t where t.evtname = 'personnummer_sync_commands' and t.evtenabled = 'A')
    and exists (select from pg_event_trigger as t where t.evtname = 'personnummer_sync_drops' and t.evtenabled = 'A')
    and not (select r.rolsuper from pg_roles as r where r.rolname = current_user)
  then
    return; -- a superuser has installed it
  end if;

  create schema if not exists structure;
  comment on schema structure is 'Changes of structure and privileges in the schemas of personnummer-sync. Nobody but a superuser changes anything here.';
  create table if not exists structure.changes (
    id           bigint generated always as identity primary key,
    changed_at   timestamptz not null default clock_timestamp(),
    login        name not null,
    acting_as    text,
    command      text not null,
    object       text,
    statement    text
  );
  comment on table structure.changes is 'One row for each object that a command created, changed or dropped, and for each grant.';
  comment on column structure.changes.id is 'Rises with time, roughly.';
  comment on column structure.changes.changed_at is 'When (clock time).';
  comment on column structure.changes.login is 'The database login.';
  comment on column structure.changes.acting_as is 'The role it had become by SET ROLE; none: its own.';
  comment on column structure.changes.command is 'What was done: ALTER TABLE, CREATE POLICY, GRANT, DROP TRIGGER and so on.';
  comment on column structure.changes.object is 'To what; PostgreSQL does not tell for grants.';
  comment on column structure.changes.statement is 'Of grants: the statement. Digits are written as #, so that no number can be in it.';

  create or replace function structure.note_commands()
  returns event_trigger
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
  declare
    v_ours constant text := '(^|[ "])(registry|sync|audit|billing|private|login|worker|import|api|graphile_worker|structure)(["]?\.|$)';
    c record;
    v_beginning text;
  begin
    for c in select * from pg_event_trigger_ddl_commands() loop
      if c.object_identity ~ v_ours or c.schema_name ~ v_ours or c.command_tag in ('GRANT', 'REVOKE', 'ALTER DEFAULT PRIVILEGES') then
        -- A migration is one statement of half a megabyte with a thousand commands: its text is read for grants alone, and only its beginning.
        if c.command_tag in ('GRANT', 'REVOKE', 'ALTER DEFAULT PRIVILEGES') then
          v_beginning := left(ltrim(current_query(), E' \t\n\r\f\v'), 1000);
        end if;
        insert into structure.changes (login, acting_as, command, object, statement)
        values (session_user, current_setting('role'), c.command_tag, c.object_identity,
          case when v_beginning ~* '^(grant|revoke|alter\s+default)\M' then regexp_replace(split_part(v_beginning, ';', 1), '[0-9]|''[^'']*''', '#', 'g') end);
      end if;
    end loop;
  end
  $$;
  comment on function structure.note_commands is 'Event trigger: writes down what a command created or changed.';

  create or replace function structure.note_drops()
  returns event_trigger
  language plpgsql volatile security definer
  set search_path = pg_catalog, pg_temp
  as $$
  declare
    v_ours constant text := '(^|[ "])(registry|sync|audit|billing|private|login|worker|import|api|graphile_worker|structure)(["]?\.|$)';
    c record;
  begin
    for c in select * from pg_event_trigger_dropped_objects() loop
      if c.original and (c.object_identity ~ v_ours or c.schema_name ~ v_ours) then
        insert into structure.changes (login, acting_as, command, object)
        values (session_user, current_setting('role'), tg_tag, c.object_identity);
      end if;
    end loop;
  end
  $$;
  comment on function structure.note_drops is 'Event trigger: writes down what a command dropped.';

  revoke all on all functions in schema structure from public;
  grant usage on schema structure to auditor;
  grant select on structure.changes to auditor;
  if not exists (select from pg_event_trigger as t where t.evtname = 'personnummer_sync_commands') then
    create event trigger personnummer_sync_commands on ddl_command_end execute function structure.note_commands();
  end if;
  if not exists (select from pg_event_trigger as t where t.evtname = 'personnummer_sync_drops') then
    create event trigger personnummer_sync_drops on sql_drop execute function structure.note_drops();
  end if;
  -- ALWAYS: session_replication_role = replica does not skip them.
  alter event trigger personnummer_sync_commands enable always;
  alter event trigger personnummer_sync_drops enable always;
exception when insufficient_privilege then
  raise warning 'Changes of structure and privileges are not written down: % may not create event triggers. Once npm run migrate has been run by a superuser they are (SECURITY.md).',
    current_user;
end
$install$;
