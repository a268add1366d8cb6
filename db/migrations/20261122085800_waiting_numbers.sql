-- migrate:up
set local role registry_owner;

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

alter table registry.waiting_numbers enable row level security;
alter table registry.waiting_numbers force row level security;
create policy owner_all on registry.waiting_numbers to registry_owner using (true) with check (true);

comment on column registry.import_lines.personnummer_index is 'Index of the number that the row gives its member; in dry runs only, where no member record takes it.';

comment on type registry.import_state is 'Life of an import. Abandoned: another file was imported before this one was finished, or nobody went on with it for a month.';

drop function import.finish_run(uuid);
drop function private.end_import(registry.import_runs, registry.import_state);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
