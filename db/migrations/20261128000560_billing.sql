-- migrate:up
-- Invoices by eFaktura. They have an owner role of their own, which may write nowhere else: what the invoice service answers must never
-- reach a member's record (docs/invoices.md). Of a member it sees what one function shows of the one who is invoiced.
create schema billing authorization billing_owner;

set local role registry_owner;
-- Foreign keys, and the functions by which it reads, audits and queues: each is granted in its own file.
grant usage on schema registry, sync, private to billing_owner;
grant references (id) on registry.organizations to billing_owner;
grant references (organization_id, id) on registry.members to billing_owner;
grant usage on type sync.breaker_state to billing_owner;

set local role billing_owner;

alter default privileges revoke execute on functions from public;
alter default privileges revoke usage on types from public;
comment on schema billing is 'Invoices on their way to members. Its functions are the interface of the worker, and of the command that issues invoices, to them.';
grant usage on schema billing to registry_owner, sync_worker, member_importer;

create type billing.interface_version as enum ('v1', 'v2');
comment on type billing.interface_version is 'Which of the two known interfaces of the invoice service is spoken.';

create type billing.token_place as enum ('header', 'body');
comment on type billing.token_place is 'Where the issue-token stands when an invoice is issued.';

create type billing.authorization_scheme as enum ('Bearer', 'VippsAccessToken');
comment on type billing.authorization_scheme is 'The word before the access token in the Authorization header.';

create type billing.invoice_state as enum (
  'pending', 'issuing', 'issued', 'no_consent', 'ambiguous', 'not_enough_data', 'rejected', 'given_up', 'cancelled');
comment on type billing.invoice_state is 'Life of an invoice. docs/invoices.md draws it.';

-- A view of the API has a column of this type.
grant usage on type billing.invoice_state to registry_owner;

create type billing.identifier as enum ('number', 'contact_data');
comment on type billing.identifier is 'By what the recipient was looked up.';

create type billing.invoice_result as enum ('issued', 'no_consent', 'ambiguous', 'not_enough_data', 'retry', 'rejected');
comment on type billing.invoice_result is 'How one attempt ended: issued; an answer about the recipient; worth another try; or refused for good.';

create table billing.issuers (
  id                    uuid primary key default gen_random_uuid(),
  organization_id       uuid not null unique references registry.organizations,
  organization_number   text not null,
  account_number        text not null,
  interface             billing.interface_version not null default 'v2',
  base_url              text not null check (base_url ~ '^https?://[^?#]+[^/?#]$'),
  access_token_url      text not null check (access_token_url ~ '^https?://'),
  client_id             text not null check (client_id <> ''),
  client_secret_env     text not null check (client_secret_env ~ '^INVOICE_[A-Z0-9_]+$'),
  subscription_key_env  text check (subscription_key_env ~ '^INVOICE_[A-Z0-9_]+$'),
  authorization_scheme  billing.authorization_scheme not null default 'VippsAccessToken',
  token_place           billing.token_place not null default 'header',
  token_name            text not null default 'Issue-Token' check (token_name ~ '^[A-Za-z][A-Za-z0-9-]{0,60}$'),
  issue_path            text not null default '/v2/invoices/{invoice_id}' check (issue_path ~ '^/[A-Za-z0-9/_.-]*\{invoice_id\}$'),
  timeout_ms            integer not null default 10000 check (timeout_ms between 100 and 20000),
  concurrency           integer not null default 4 check (concurrency between 1 and 100),
  look_ups_a_day        integer not null default 6 check (look_ups_a_day between 1 and 20),
  created_at            timestamptz not null default now(),
  unique (organization_id, id)
);
comment on table billing.issuers is 'In whose name an organisation''s invoices are issued, and at which invoice service.';
comment on column billing.issuers.id is 'Identifies the row.';
comment on column billing.issuers.organization_id is 'The organisation; one issuer each.';
comment on column billing.issuers.organization_number is 'Norwegian organisation number, nine digits (modulus 11).';
comment on column billing.issuers.account_number is 'Account that is paid to, eleven digits (modulus 11).';
comment on column billing.issuers.interface is 'Which interface is spoken: v1 or v2.';
comment on column billing.issuers.base_url is 'Address of the invoice service, without a slash at its end.';
comment on column billing.issuers.access_token_url is 'Where an access token is asked for.';
comment on column billing.issuers.client_id is 'Our name there.';
comment on column billing.issuers.client_secret_env is 'Name of the environment variable with our secret. Never the secret.';
comment on column billing.issuers.subscription_key_env is 'Name of the variable with the subscription key (Ocp-Apim-Subscription-Key); null: none is sent.';
comment on column billing.issuers.authorization_scheme is 'The word before the access token.';
comment on column billing.issuers.token_place is 'Where the issue-token stands when an invoice is issued.';
comment on column billing.issuers.token_name is 'Name of that header, or of that member of the body.';
comment on column billing.issuers.issue_path is 'Path under base_url by which an invoice is issued; {invoice_id} is its name there.';
comment on column billing.issuers.timeout_ms is 'Longest time one request may take, in milliseconds.';
comment on column billing.issuers.concurrency is 'Most invoices at a time, over all workers.';
comment on column billing.issuers.look_ups_a_day is 'How often an issue-token may be asked for, for one invoice in one day.';
comment on column billing.issuers.created_at is 'When the row was made.';

-- A large table is vacuumed and analysed in small steps: PostgreSQL's default waits until a fifth of it has changed.
create table billing.invoices (
  id                  uuid primary key default gen_random_uuid(),
  organization_id     uuid not null,
  issuer_id           uuid not null,
  member_id           uuid not null,
  invoice_number      text not null check (invoice_number ~ '^[A-Za-z0-9-]{1,40}$'),
  amount_ore          bigint not null check (amount_ore between 1 and 100000000),
  due_date            date not null,
  kid                 text,
  document_reference  text check (length(document_reference) between 1 and 100),
  description         text not null check (length(description) between 1 and 100),
  state               billing.invoice_state not null default 'pending',
  attempts            integer not null default 0 check (attempts >= 0),
  next_attempt_at     timestamptz default now(),
  fencing_token       bigint not null default 0,
  lease_expires_at    timestamptz,
  leased_by           text,
  slot                smallint check (slot > 0),
  look_ups            integer not null default 0 check (look_ups >= 0),
  look_ups_on         date,
  looked_up_by        billing.identifier,
  error_code          text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  http_status         integer check (http_status between 100 and 599),
  created_at          timestamptz not null default now(),
  settled_at          timestamptz,
  cancelled_by        text check (cancelled_by <> ''),
  cancel_reason       text check (length(cancel_reason) between 1 and 500),
  unique (organization_id, invoice_number),
  foreign key (organization_id, issuer_id) references billing.issuers (organization_id, id),
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  constraint invoices_paid_by_something check (num_nonnulls(kid, document_reference) > 0),
  constraint invoices_look_ups_have_a_day check ((look_ups = 0) or look_ups_on is not null),
  constraint invoices_final_holds_nothing check (settled_at is null or num_nonnulls(lease_expires_at, slot, next_attempt_at) = 0),
  constraint invoices_cancelled_has_reason check ((state = 'cancelled') = (num_nonnulls(cancelled_by, cancel_reason) = 2)),
  constraint invoices_state_has_evidence check (case state
    when 'pending'    then settled_at is null and num_nonnulls(lease_expires_at, slot) = 0 and next_attempt_at is not null
    when 'issuing'    then settled_at is null and num_nonnulls(lease_expires_at, leased_by, slot) = 3 and fencing_token > 0 and attempts > 0
    when 'issued'     then settled_at is not null and attempts > 0 and looked_up_by is not null
                        and coalesce(http_status between 200 and 299, false) and error_code is null
    when 'no_consent' then settled_at is not null and attempts > 0 and looked_up_by is not null and look_ups_on is not null
                        and coalesce(http_status = 404, false) and error_code is null
    when 'ambiguous'  then settled_at is not null and attempts > 0 and coalesce(looked_up_by = 'contact_data', false)
                        and look_ups_on is not null and coalesce(http_status = 409, false) and error_code is null
    when 'not_enough_data' then settled_at is not null and attempts > 0 and num_nonnulls(looked_up_by, http_status, error_code) = 0
    when 'rejected'   then settled_at is not null and attempts > 0 and error_code is not null
    when 'given_up'   then settled_at is not null and attempts > 0 and error_code is not null
    when 'cancelled'  then settled_at is not null
  end)
) with (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create index invoices_unsettled on billing.invoices (organization_id, next_attempt_at) where settled_at is null;
create index invoices_due on billing.invoices (next_attempt_at) where state = 'pending';
create index invoices_slots on billing.invoices (organization_id, slot) where state = 'issuing';
create index invoices_member on billing.invoices (organization_id, member_id);
create index invoices_issuer on billing.invoices (organization_id, issuer_id);
create index invoices_newest on billing.invoices (created_at, id, organization_id, state);
comment on table billing.invoices is 'Invoices to be issued to members. The job queue only reminds the worker; this table is the truth. It never holds an issue-token.';
comment on column billing.invoices.id is 'Identifies the row.';
comment on column billing.invoices.organization_id is 'The organisation.';
comment on column billing.invoices.issuer_id is 'In whose name it is issued.';
comment on column billing.invoices.member_id is 'Who is invoiced.';
comment on column billing.invoices.invoice_number is 'The organisation''s own number of it; one of a number is issued once.';
comment on column billing.invoices.amount_ore is 'Amount in øre.';
comment on column billing.invoices.due_date is 'Day on which it is due.';
comment on column billing.invoices.kid is 'KID that the payment carries (modulus 10 or 11).';
comment on column billing.invoices.document_reference is 'The organisation''s reference to the document; what the payment carries where there is no KID.';
comment on column billing.invoices.description is 'What the recipient reads that it is for.';
comment on column billing.invoices.state is 'Where it stands.';
comment on column billing.invoices.attempts is 'Attempts begun since it was added or tried again by a coordinator.';
comment on column billing.invoices.next_attempt_at is 'When it is tried next; null: it is being issued, or not tried any more.';
comment on column billing.invoices.fencing_token is 'Grows with every claim; a report with an older one changes nothing.';
comment on column billing.invoices.lease_expires_at is 'Until when the worker that has it is believed to be alive.';
comment on column billing.invoices.leased_by is 'The worker that has it, or had it last.';
comment on column billing.invoices.slot is 'One of the issuer''s concurrency, over all workers.';
comment on column billing.invoices.look_ups is 'How often an issue-token was asked for on look_ups_on.';
comment on column billing.invoices.look_ups_on is 'The last day on which one was asked for.';
comment on column billing.invoices.looked_up_by is 'By what the last look-up was made that was answered; it is asked anew in each run.';
comment on column billing.invoices.error_code is 'Code of the last failure (docs/error-codes.md).';
comment on column billing.invoices.http_status is 'Status of the last answer.';
comment on column billing.invoices.created_at is 'When it was added.';
comment on column billing.invoices.settled_at is 'When it reached its state for good, or until somebody has it tried again.';
comment on column billing.invoices.cancelled_by is 'Who cancelled it, as in the audit.';
comment on column billing.invoices.cancel_reason is 'Why.';

-- A few rows, updated every few seconds: room on the page keeps the updates on it (HOT), and dead versions are removed as they come.
create table billing.breakers (
  organization_id   uuid primary key references registry.organizations,
  state             sync.breaker_state not null default 'closed',
  failures          integer not null default 0 check (failures >= 0),
  openings          integer not null default 0 check (openings >= 0),
  error_code        text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  http_status       integer check (http_status between 100 and 599),
  opened_at         timestamptz,
  probe_at          timestamptz,
  probe_invoice_id  uuid references billing.invoices,
  changed_at        timestamptz not null default now(),
  constraint breakers_state_has_evidence check (case state
    when 'closed'    then opened_at is null and probe_at is null and probe_invoice_id is null
    when 'open'      then opened_at is not null and probe_at is not null and error_code is not null and probe_invoice_id is null
    when 'half_open' then opened_at is not null and probe_at is not null and error_code is not null and probe_invoice_id is not null
  end)
) with (
  fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500
);
create index breakers_probe_invoice on billing.breakers (probe_invoice_id) where probe_invoice_id is not null;
comment on table billing.breakers is 'Circuit breaker of each organisation''s invoice service, shared by all workers. No row: closed.';
comment on column billing.breakers.organization_id is 'The organisation.';
comment on column billing.breakers.state is 'closed: invoices are issued; open: none is; half_open: one is, to find out.';
comment on column billing.breakers.failures is 'Failures of the service in a row.';
comment on column billing.breakers.openings is 'How often it opened in a row; the pause grows with it.';
comment on column billing.breakers.error_code is 'The failure that opened it.';
comment on column billing.breakers.http_status is 'HTTP status of that failure.';
comment on column billing.breakers.opened_at is 'Since when it is not closed.';
comment on column billing.breakers.probe_at is 'When the next invoice is let through.';
comment on column billing.breakers.probe_invoice_id is 'The invoice that was let through.';
comment on column billing.breakers.changed_at is 'When its state changed last.';

create type billing.invoice_claim as (
  invoice_id           uuid,
  worker_id            text,
  fencing_token        text,
  attempt              integer,
  organization_id      uuid,
  organization         text,
  member_id            uuid,
  issuer               jsonb,
  invoice              jsonb,
  overdue              boolean,
  given_name           text,
  family_name          text,
  phone                text,
  email                text,
  birth_date           text,
  personnummer_sealed  text,
  personnummer_index   text,
  lease_ms             integer,
  waits_for            text,
  wait_ms              integer
);
comment on type billing.invoice_claim is 'What a worker hears of an invoice it asked for: what to issue, to whom and where; or why it has to wait; or neither, when there is nothing to do.';
comment on column billing.invoice_claim.invoice_id is 'The invoice.';
comment on column billing.invoice_claim.worker_id is 'The name under which it is claimed.';
comment on column billing.invoice_claim.fencing_token is 'Of this claim; null: it is not claimed.';
comment on column billing.invoice_claim.attempt is 'Which attempt this is.';
comment on column billing.invoice_claim.organization_id is 'The organisation.';
comment on column billing.invoice_claim.organization is 'Its slug.';
comment on column billing.invoice_claim.member_id is 'Who is invoiced.';
comment on column billing.invoice_claim.issuer is 'The row of billing.issuers.';
comment on column billing.invoice_claim.invoice is 'What is issued: invoice_number, amount_ore, due_date, kid, document_reference, description.';
comment on column billing.invoice_claim.overdue is 'Its due date has passed: it is not issued any more.';
comment on column billing.invoice_claim.given_name is 'The recipient''s given name.';
comment on column billing.invoice_claim.family_name is 'Family name.';
comment on column billing.invoice_claim.phone is 'Phone, E.164.';
comment on column billing.invoice_claim.email is 'E-mail address.';
comment on column billing.invoice_claim.birth_date is 'Birth date, yyyy-mm-dd.';
comment on column billing.invoice_claim.personnummer_sealed is 'The number, sealed for the worker; null: there is none, or it is in question in an open case.';
comment on column billing.invoice_claim.personnummer_index is 'The index that the opened number must have.';
comment on column billing.invoice_claim.lease_ms is 'Length of the lease, in milliseconds.';
comment on column billing.invoice_claim.waits_for is 'Why it cannot be begun now.';
comment on column billing.invoice_claim.wait_ms is 'When it makes sense to look again, in milliseconds.';

create type billing.invoice_report as (
  invoice_id      uuid,
  worker_id       text,
  fencing_token   bigint,
  result          billing.invoice_result,
  looked_up_by    billing.identifier,
  http_status     integer,
  error_code      text,
  retry_after     integer,
  next_worker_id  text
);
comment on type billing.invoice_report is 'How an attempt ended, as the worker tells it.';
comment on column billing.invoice_report.invoice_id is 'The invoice.';
comment on column billing.invoice_report.worker_id is 'The name under which it was claimed.';
comment on column billing.invoice_report.fencing_token is 'Of that claim.';
comment on column billing.invoice_report.result is 'How it ended.';
comment on column billing.invoice_report.looked_up_by is 'By what the recipient was looked up; null: no look-up was answered.';
comment on column billing.invoice_report.http_status is 'Status of the last answer.';
comment on column billing.invoice_report.error_code is 'Code of the failure.';
comment on column billing.invoice_report.retry_after is 'Seconds the service asks us to wait.';
comment on column billing.invoice_report.next_worker_id is 'Name under which to claim another invoice of the same recipient that is due; null: none.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
