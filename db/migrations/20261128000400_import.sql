-- migrate:up
set local role registry_owner;

create type registry.import_state as enum ('running', 'finished', 'abandoned');
comment on type registry.import_state is 'Life of an import. Abandoned: another file was imported before this one was finished, or nobody went on with it for a month.';

create type registry.import_difference as enum ('column_looks_different', 'column_changed', 'many_rejected', 'members_absent');
comment on type registry.import_difference is 'What makes a file look different from the last import of its organisation, so that a person must look before it is imported.';

create table registry.import_runs (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null references registry.organizations,
  fingerprint      text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  columns          text[] not null,
  dry_run          boolean not null,
  readmit          boolean not null default false,
  state            registry.import_state not null default 'running',
  records_done     integer not null default 0 check (records_done >= 0),
  added            integer not null default 0,
  updated          integer not null default 0,
  unchanged        integer not null default 0,
  duplicates       integer not null default 0,
  conflicts        integer not null default 0,
  rejected         integer not null default 0,
  looks            jsonb check (jsonb_typeof(looks) = 'object'),
  started_at       timestamptz not null default clock_timestamp(),
  accepted_at      timestamptz,
  ended_at         timestamptz,
  constraint import_runs_end_has_time check ((state = 'running') = (ended_at is null)),
  constraint import_runs_accepted_by_its_looks check ((accepted_at is null) = (looks is null)),
  constraint import_runs_nothing_before_accepted check (records_done = 0 or accepted_at is not null)
) with (fillfactor = 50);
create unique index import_runs_running on registry.import_runs (organization_id, dry_run) where state = 'running';
create index import_runs_organization on registry.import_runs (organization_id, started_at);
comment on table registry.import_runs is 'Imports of member records: one row per run, which is also where a killed one goes on.';
comment on column registry.import_runs.id is 'Identifies the run.';
comment on column registry.import_runs.organization_id is 'Whose members were imported.';
comment on column registry.import_runs.fingerprint is 'SHA-256 of the file and of the settings it was read with: the same again is the same run going on.';
comment on column registry.import_runs.columns is 'The columns of registry.members that the file has; others are left as they are.';
comment on column registry.import_runs.dry_run is 'Only counted, nothing changed.';
comment on column registry.import_runs.readmit is 'Whether members who were erased may come back by this file.';
comment on column registry.import_runs.state is 'Where it stands.';
comment on column registry.import_runs.records_done is 'Records of the file that are done with, the header not counted.';
comment on column registry.import_runs.added is 'Member records made.';
comment on column registry.import_runs.updated is 'Member records changed.';
comment on column registry.import_runs.unchanged is 'Member records that agreed already.';
comment on column registry.import_runs.duplicates is 'Rows whose number another member has.';
comment on column registry.import_runs.conflicts is 'Rows whose number differs from one that a login or a coordinator brought.';
comment on column registry.import_runs.rejected is 'Rows that were not imported.';
comment on column registry.import_runs.looks is 'What the file looked like before anything of it was imported: rows, rejected ones, and for each column how many values there are of each kind. No value. The next import is compared with it.';
comment on column registry.import_runs.accepted_at is 'When the file was found to look like the last one, or a person said that it may be imported all the same. Nothing is imported before.';
comment on column registry.import_runs.started_at is 'When it began.';
comment on column registry.import_runs.ended_at is 'When it was finished or abandoned.';

create table registry.import_lines (
  run_id              uuid not null references registry.import_runs on delete cascade,
  external_id         text not null,
  personnummer_index  text,
  rejected            boolean not null default false,
  primary key (run_id, external_id)
);
create index import_lines_personnummer on registry.import_lines (run_id, personnummer_index) where personnummer_index is not null;
comment on table registry.import_lines is 'What a running import has seen of its file: finds repeated and absent members. Emptied when the run ends.';
comment on column registry.import_lines.run_id is 'The run.';
comment on column registry.import_lines.external_id is 'The member''s id in the member system.';
comment on column registry.import_lines.personnummer_index is 'Index of the number that the row gives its member; in dry runs only, where no member record takes it.';
comment on column registry.import_lines.rejected is 'The row was not imported; its member is in the file all the same, and not absent. A later row of the same member is its first.';

create table registry.import_rejections (
  run_id   uuid not null references registry.import_runs on delete cascade,
  line     integer not null check (line > 0),
  reasons  text[] not null check (cardinality(reasons) > 0),
  primary key (run_id, line)
);
comment on table registry.import_rejections is 'Rows of a file that were not imported. Never a value of the row.';
comment on column registry.import_rejections.run_id is 'The run.';
comment on column registry.import_rejections.line is 'Line of the file on which the row begins.';
comment on column registry.import_rejections.reasons is 'Fixed codes; docs/importing-members.md explains each.';

create table registry.offered_numbers (
  conflict_id                  uuid primary key references registry.conflicts,
  personnummer_index           text not null check (personnummer_index !~ '^[0-9]{11}$'),
  personnummer_index_previous  text[] not null default '{}',
  personnummer_sealed          text not null check (personnummer_sealed !~ '^[0-9]{11}$'),
  personnummer_masked          text not null check (personnummer_masked ~ '^[0-9]{6}\*{5}$')
);
comment on table registry.offered_numbers is 'Numbers that an import brought and that did not replace the recorded one, for the coordinator who settles the case.';
comment on column registry.offered_numbers.conflict_id is 'The case.';
comment on column registry.offered_numbers.personnummer_index is 'Keyed index of the offered number, current key version.';
comment on column registry.offered_numbers.personnummer_index_previous is 'The same number under older key versions.';
comment on column registry.offered_numbers.personnummer_sealed is 'The offered number, sealed.';
comment on column registry.offered_numbers.personnummer_masked is 'The offered number, masked.';

create type private.imported_member as (
  line                         integer,
  external_id                  text,
  given_name                   text,
  family_name                  text,
  birth_date                   date,
  email                        text,
  phone                        text,
  personnummer_index           text,
  personnummer_index_previous  text[],
  personnummer_sealed          text,
  personnummer_masked          text,
  municipality                 text,
  address                      text,
  postal_code                  text,
  chapter                      text,
  member_since                 date,
  member_until                 date,
  dues_year                    integer,
  dues_paid_on                 date,
  dues_amount                  bigint
);
comment on type private.imported_member is 'One row of an import, judged, its number sealed.';
comment on column private.imported_member.line is 'Line of the file on which the row begins.';
comment on column private.imported_member.external_id is 'The member''s id in the member system.';
comment on column private.imported_member.given_name is 'Given name.';
comment on column private.imported_member.family_name is 'Family name.';
comment on column private.imported_member.birth_date is 'Birth date.';
comment on column private.imported_member.email is 'E-mail address.';
comment on column private.imported_member.phone is 'Phone number, E.164 with plus.';
comment on column private.imported_member.personnummer_index is 'Keyed index of the number, current key version; null: the row has none.';
comment on column private.imported_member.personnummer_index_previous is 'The same number under older key versions.';
comment on column private.imported_member.personnummer_sealed is 'The number, sealed.';
comment on column private.imported_member.personnummer_masked is 'The number, masked.';
comment on column private.imported_member.municipality is 'Number or name of the municipality, as the file has it.';
comment on column private.imported_member.address is 'Street or place.';
comment on column private.imported_member.postal_code is 'Postal code.';
comment on column private.imported_member.chapter is 'Local chapter.';
comment on column private.imported_member.member_since is 'First day of membership.';
comment on column private.imported_member.member_until is 'Last day of membership.';
comment on column private.imported_member.dues_year is 'The year that was paid for.';
comment on column private.imported_member.dues_paid_on is 'When it was paid.';
comment on column private.imported_member.dues_amount is 'Sum in øre.';

create type private.number_step as enum ('none', 'write', 'duplicate', 'conflict');
comment on type private.number_step is 'What an imported number means: nothing to do, to be written, somebody else has it, or a login brought another.';

create table registry.waiting_numbers (
  run_id                       uuid not null references registry.import_runs on delete cascade,
  line                         integer not null check (line > 0),
  external_id                  text not null,
  personnummer_index           text not null check (personnummer_index !~ '^[0-9]{11}$'),
  personnummer_index_previous  text[] not null default '{}',
  personnummer_sealed          text not null check (personnummer_sealed !~ '^[0-9]{11}$'),
  personnummer_masked          text not null check (personnummer_masked ~ '^[0-9]{6}\*{5}$'),
  counted_unchanged            boolean not null,
  nth                          integer,
  step                         private.number_step,
  member_id                    uuid,
  holder_id                    uuid,
  moving                       boolean not null default false,
  primary key (run_id, line)
);

create index waiting_numbers_member on registry.waiting_numbers (run_id, member_id);
-- Every row with a number asks whether an earlier one waits for the same.
create index waiting_numbers_personnummer on registry.waiting_numbers (run_id, personnummer_index);
create index waiting_numbers_holder on registry.waiting_numbers (run_id, holder_id);
comment on table registry.waiting_numbers is 'Numbers of a running import that another member had when their row came. Settled when the file has been read: by then the other member may have another number. Emptied when the run ends.';
comment on column registry.waiting_numbers.run_id is 'The run.';
comment on column registry.waiting_numbers.line is 'Line of the file on which the row begins.';
comment on column registry.waiting_numbers.external_id is 'The member''s id in the member system.';
comment on column registry.waiting_numbers.personnummer_index is 'Keyed index of the number, current key version.';
comment on column registry.waiting_numbers.personnummer_index_previous is 'The same number under older key versions.';
comment on column registry.waiting_numbers.personnummer_sealed is 'The number, sealed.';
comment on column registry.waiting_numbers.personnummer_masked is 'The number, masked.';
comment on column registry.waiting_numbers.counted_unchanged is 'Nothing else of the row changed the record, so it was counted as unchanged.';
comment on column registry.waiting_numbers.nth is 'While it is settled: which of the rows that want this number it is.';
comment on column registry.waiting_numbers.step is 'While it is settled: what the number means now that the file has been read.';
comment on column registry.waiting_numbers.member_id is 'While it is settled: the member.';
comment on column registry.waiting_numbers.holder_id is 'While it is settled: the member who has the number.';
comment on column registry.waiting_numbers.moving is 'While it is settled: the number goes to the member.';

create type private.import_step as (
  member_id        uuid,
  is_new           boolean,
  changed          text[],
  number           private.number_step,
  other_member_id  uuid,
  imported         private.imported_member
);
comment on type private.import_step is 'What one row of an import comes to.';
comment on column private.import_step.member_id is 'The member; a fresh id where the record is to be made.';
comment on column private.import_step.is_new is 'The record is to be made.';
comment on column private.import_step.changed is 'Columns of an existing record that are to change.';
comment on column private.import_step.number is 'What the number means.';
comment on column private.import_step.other_member_id is 'Another member who has that number.';
comment on column private.import_step.imported is 'The row.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
