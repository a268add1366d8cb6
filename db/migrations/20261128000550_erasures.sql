-- migrate:up
-- Who was erased, in a form that tells nothing of the person to whoever does not know the member number.
set local role audit_owner;

create type audit.erasure_state as enum ('announced', 'erased');
comment on type audit.erasure_state is 'Life of an erasure. Announced: it is decided, and will be written into the ledger outside the database before anything is erased.';

create type audit.removal_state as enum ('not_needed', 'queued', 'delivered');
comment on type audit.removal_state is 'Whether the member system has removed the number that it was sent.';

create table audit.erasures (
  id                uuid primary key default gen_random_uuid(),
  organization_id   uuid not null,
  member_id         uuid not null,
  state             audit.erasure_state not null default 'announced',
  reason            text not null check (length(reason) between 1 and 4000),
  requested_by      text not null check (requested_by <> ''),
  approved_by       text constraint erasures_two_people check (approved_by <> requested_by),
  conflict_id       uuid,
  announced_at      timestamptz not null default clock_timestamp(),
  recorded_at       timestamptz,
  erased_at         timestamptz,
  counts            jsonb check (jsonb_typeof(counts) = 'object'),
  removal           audit.removal_state,
  removed_at        timestamptz,
  receipt_digest    bytea check (length(receipt_digest) = 32),
  receipt_given_at  timestamptz,
  receipt_given_to  text,
  constraint erasures_state_has_evidence check (case state
    when 'announced' then num_nonnulls(erased_at, counts, removal, removed_at, receipt_digest) = 0
    when 'erased'    then num_nonnulls(erased_at, counts, removal) = 3
  end),
  constraint erasures_removal_has_time check ((removal is not distinct from 'delivered') = (removed_at is not null)),
  constraint erasures_receipt_was_made check (num_nonnulls(receipt_given_at, receipt_given_to) = case when receipt_given_at is null then 0 else 2 end
    and (receipt_given_at is null or receipt_digest is not null))
);
create index erasures_organization on audit.erasures (organization_id, announced_at);
create unique index erasures_announced on audit.erasures (member_id) where state = 'announced';
create index erasures_without_receipt on audit.erasures (erased_at) where state = 'erased' and receipt_digest is null;
comment on table audit.erasures is 'Persons who were erased, or are about to be: one row each. It names nobody.';
comment on column audit.erasures.id is 'Identifies the erasure; in the ledger outside the database, and on the receipt.';
comment on column audit.erasures.organization_id is 'Whose member.';
comment on column audit.erasures.member_id is 'The record that was asked about. Records merged with it are erased too (audit.erased_records).';
comment on column audit.erasures.state is 'Announced, or carried out.';
comment on column audit.erasures.reason is 'Why, in words that do not tell who.';
comment on column audit.erasures.requested_by is 'Who asked for it: a coordinator, or the login of whoever ran the command.';
comment on column audit.erasures.approved_by is 'The second coordinator, where two were needed.';
comment on column audit.erasures.conflict_id is 'The case in which it was approved.';
comment on column audit.erasures.announced_at is 'When it was decided. From then on no coordinator and no import changes the records.';
comment on column audit.erasures.recorded_at is 'When it was written into the ledger outside the database; null: none is kept, or not yet.';
comment on column audit.erasures.erased_at is 'When it was carried out.';
comment on column audit.erasures.counts is 'What was erased, by table: numbers of rows.';
comment on column audit.erasures.removal is 'Whether the member system was to remove the number, and has.';
comment on column audit.erasures.removed_at is 'When the member system had removed it from every record.';
comment on column audit.erasures.receipt_digest is 'SHA-256 of the receipt, from when it was made.';
comment on column audit.erasures.receipt_given_at is 'When the receipt was given out, which happens once.';
comment on column audit.erasures.receipt_given_to is 'To whom.';

-- No foreign key to audit.erasures: for that its owner would need the right to change it.
create table audit.erased_records (
  member_id           uuid primary key,
  organization_id     uuid not null,
  erasure_id          uuid not null,
  external_id_digest  bytea not null check (length(external_id_digest) = 32)
);
create index erased_records_erasure on audit.erased_records (erasure_id);
create index erased_records_digest on audit.erased_records (organization_id, external_id_digest);
comment on table audit.erased_records is 'The member records of each erased person: the one that was asked about, and those merged with it.';
comment on column audit.erased_records.member_id is 'The record.';
comment on column audit.erased_records.organization_id is 'Whose member.';
comment on column audit.erased_records.erasure_id is 'The erasure.';
comment on column audit.erased_records.external_id_digest is 'SHA-256 over the organisation''s random salt and the member number, by which an import knows it again.';

revoke update, delete, truncate on audit.erasures, audit.erased_records from audit_owner;
grant select on audit.erasures, audit.erased_records to registry_owner, auditor;
grant insert (id, organization_id, member_id, reason, requested_by, approved_by, conflict_id) on audit.erasures to registry_owner;
grant update (state, recorded_at, erased_at, counts, removal, removed_at, receipt_digest, receipt_given_at, receipt_given_to)
  on audit.erasures to registry_owner;
grant insert on audit.erased_records to registry_owner;
grant usage on type audit.erasure_state, audit.removal_state to registry_owner;

alter table audit.erasures enable row level security;
alter table audit.erasures force row level security;
create policy writer_all on audit.erasures to registry_owner using (true) with check (true);
create policy auditor_select on audit.erasures for select to auditor using (true);
alter table audit.erased_records enable row level security;
alter table audit.erased_records force row level security;
create policy writer_all on audit.erased_records to registry_owner using (true) with check (true);
create policy auditor_select on audit.erased_records for select to auditor using (true);

reset role;
set local role registry_owner;

create table registry.erasure_receipts (
  erasure_id       uuid primary key,
  organization_id  uuid not null references registry.organizations,
  receipt          text not null check (receipt ~ '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'),
  made_at          timestamptz not null default now()
);
create index erasure_receipts_organization on registry.erasure_receipts (organization_id);
comment on table registry.erasure_receipts is 'Receipts of erasures that nobody has fetched yet. A row goes when its receipt is given out.';
comment on column registry.erasure_receipts.erasure_id is 'The erasure (audit.erasures).';
comment on column registry.erasure_receipts.organization_id is 'Whose member it was.';
comment on column registry.erasure_receipts.receipt is 'The receipt: a compact JWS.';
comment on column registry.erasure_receipts.made_at is 'When it was made.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
