-- migrate:up
-- Nobody gets anything by default: every grant below and in db/functions/ is made one by one. The audit has an owner of its own: whoever
-- gets hold of registry_owner, whose rights all our functions run with, can append to it and can neither change nor reopen it.

create schema registry authorization registry_owner;
create schema sync     authorization registry_owner;
create schema audit    authorization audit_owner;
create schema private  authorization registry_owner;
create schema login    authorization registry_owner;
create schema worker   authorization registry_owner;
create schema import   authorization registry_owner;
create schema api      authorization registry_owner;

set local role registry_owner;

alter default privileges revoke execute on functions from public;
alter default privileges revoke usage on types from public;

comment on schema registry is 'Who is known: organisations, members, their logins, and the cases for coordinators. Tables only.';
comment on schema sync     is 'What is to be carried to the member systems, and how it went. Tables only.';
comment on schema private  is 'The rules: functions and triggers. Nobody but the owner has access.';
comment on schema login    is 'The interface of the auth callback (role auth_callback). Functions only.';
comment on schema worker   is 'The interface of the worker (role sync_worker). Functions only.';
comment on schema import   is 'The interface of the import of member records (role member_importer). Functions only.';
comment on schema api      is 'The interface of coordinators, through Supabase or PostgREST (role authenticated). The only exposed schema.';

grant usage on schema login  to auth_callback;
grant usage on schema worker to sync_worker;
grant usage on schema import to member_importer;
grant usage on schema api    to authenticated;
-- The audit's view and policies name objects there.
grant usage on schema registry, private to audit_owner;

set local role audit_owner;

alter default privileges revoke execute on functions from public;
alter default privileges revoke usage on types from public;
comment on schema audit is 'What happened, one row per thing. Append-only. The interface of auditors and DBAs.';
grant usage on schema audit to auditor, registry_owner;

reset role;
comment on schema migrations is 'Which migrations have run. Kept by dbmate.';

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
