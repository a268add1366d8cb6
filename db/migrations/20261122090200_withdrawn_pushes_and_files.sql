-- migrate:up
-- What is needed to stop a change after consent was withdrawn, and to see why a file could not be written.
set local role registry_owner;

alter table sync.pushes add column consent_withdrawn_at timestamptz;
comment on column sync.pushes.consent_withdrawn_at is 'Since when it is not to be sent any more. Set on one that is being sent: a failed attempt is its last.';

alter table sync.files add column fetched_at timestamptz;
comment on column sync.files.fetched_at is 'When somebody fetched it first; from then on it cannot be taken back.';
alter table sync.files add column error_code text check (error_code ~ '^[a-z0-9_]{1,60}$');
comment on column sync.files.error_code is 'Why it could not be written.';
-- The files that can be fetched now: who did so is in the audit.
update sync.files as f set fetched_at = (
  select min(e.occurred_at) from audit.events as e
  where e.organization_id = f.organization_id and e.event = 'file_fetched' and e.detail ->> 'file_id' = f.id::text)
where f.state = 'ready';
alter table sync.files add constraint files_fetched_was_ready check (fetched_at is null or ready_at is not null);
alter table sync.files add constraint files_failed_is_expired check (error_code is null or state = 'expired');

-- Functions that get other arguments, or other columns, in a later migration.
drop function worker.metrics();
drop function worker.report_drift(uuid, text, text, text, text, boolean);
drop function private.open_drift_case(registry.members, text, text, text, boolean);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
