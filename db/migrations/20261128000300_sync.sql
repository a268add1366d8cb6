-- migrate:up
set local role registry_owner;

create type sync.member_system_kind as enum ('http', 'file', 'worklist');
comment on type sync.member_system_kind is 'How an organisation''s member system is reached.';

create type sync.http_authentication as enum ('none', 'basic', 'bearer', 'oauth2_client_credentials');
comment on type sync.http_authentication is 'How the worker authenticates at a member system.';

create type sync.token_endpoint_authentication as enum ('client_secret_basic', 'client_secret_post');
comment on type sync.token_endpoint_authentication is 'How an OAuth 2.0 client shows its secret (RFC 6749, section 2.3.1).';

create type sync.push_state as enum ('pending', 'sending', 'delivered', 'rejected', 'given_up', 'superseded', 'cancelled');
comment on type sync.push_state is 'Life of a push. docs/outcomes.md draws it.';

create type sync.attempt_result as enum ('delivered', 'accepted', 'retry', 'rejected');
comment on type sync.attempt_result is 'How one attempt ended: carried out, taken in to be carried out, worth another try, or refused for good.';

create type sync.breaker_state as enum ('closed', 'open', 'half_open');
comment on type sync.breaker_state is 'Whether pushes go to a member system: all of them, none, or one to find out.';

create type sync.file_state as enum ('writing', 'ready', 'acknowledged', 'expired');
comment on type sync.file_state is 'Life of a file of changes.';

create table sync.member_systems (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null unique references registry.organizations,
  kind             sync.member_system_kind not null default 'http',
  method           text not null default 'PUT' check (method in ('POST', 'PUT', 'PATCH')),
  url_template     text check (url_template ~ '^https?://' and url_template !~ '\{personnummer\}'),
  body_template    jsonb not null default '{"personnummer": "{personnummer}"}',
  auth             sync.http_authentication not null default 'none',
  username         text,
  secret_env       text check (secret_env ~ '^MEMBER_SYSTEM_[A-Z0-9_]+$'),
  token_url        text check (token_url ~ '^https?://'),
  client_id        text,
  token_endpoint_auth_method sync.token_endpoint_authentication not null default 'client_secret_basic',
  scope            text,
  timeout_ms       integer not null default 10000 check (timeout_ms between 100 and 30000),
  rate_per_second  integer check (rate_per_second between 1 and 1000),
  concurrency      integer not null default 4 check (concurrency between 1 and 100),
  accept_within    interval not null default '48 hours' check (accept_within between interval '1 minute' and interval '60 days'),
  receiver_key     jsonb check (receiver_key ? 'kty' and receiver_key ? 'kid' and not receiver_key ? 'd'),
  file_every       interval not null default '1 day' check (file_every >= interval '1 minute'),
  read_url_template text check (read_url_template ~ '^https?://' and read_url_template ~ '\{external_id\}'),
  read_pointer     text not null default '/personnummer' check (read_pointer ~ '^(/[^/]*)*$'),
  created_at       timestamptz not null default now(),
  constraint member_systems_kind_is_complete check (case kind
    when 'http'     then url_template is not null
    when 'file'     then receiver_key is not null
    when 'worklist' then true
  end),
  constraint member_systems_auth_is_complete check (case auth
    when 'none'   then true
    when 'basic'  then username is not null and secret_env is not null
    when 'bearer' then secret_env is not null
    when 'oauth2_client_credentials' then token_url is not null and client_id is not null and secret_env is not null
  end)
);
comment on table sync.member_systems is 'Where an organisation''s changes are carried.';
comment on column sync.member_systems.id is 'Identifies the row.';
comment on column sync.member_systems.organization_id is 'The organisation; one member system each.';
comment on column sync.member_systems.kind is 'How it is reached.';
comment on column sync.member_systems.method is 'HTTP method.';
comment on column sync.member_systems.url_template is 'Kind http: URL with {external_id} where the member''s id goes. Never holds the number.';
comment on column sync.member_systems.body_template is 'JSON body with {personnummer} and {external_id} inside string values.';
comment on column sync.member_systems.auth is 'How the worker authenticates.';
comment on column sync.member_systems.username is 'User name for basic authentication.';
comment on column sync.member_systems.secret_env is 'Name of the environment variable with the password, token or client secret. Never the secret.';
comment on column sync.member_systems.token_url is 'OAuth 2.0 token endpoint.';
comment on column sync.member_systems.client_id is 'OAuth 2.0 client.';
comment on column sync.member_systems.token_endpoint_auth_method is 'How the worker shows its client secret at the token endpoint: in the Authorization header, or in the form.';
comment on column sync.member_systems.scope is 'OAuth 2.0 scope.';
comment on column sync.member_systems.timeout_ms is 'Longest time one request may take, in milliseconds.';
comment on column sync.member_systems.rate_per_second is 'Most requests a second, over all workers; null: unlimited.';
comment on column sync.member_systems.concurrency is 'Most requests at a time, over all workers.';
comment on column sync.member_systems.accept_within is 'How long a change that was taken in (202, a file, the worklist) may wait to be carried out.';
comment on column sync.member_systems.receiver_key is 'Public JWK (X25519 or P-256) that files, and numbers on the worklist, are sealed for. Never a private key.';
comment on column sync.member_systems.file_every is 'Pause between two files.';
comment on column sync.member_systems.read_url_template is 'URL with {external_id} where the member system shows a member as JSON; null: it cannot be read.';
comment on column sync.member_systems.read_pointer is 'JSON pointer (RFC 6901) to the number in that answer.';
comment on column sync.member_systems.created_at is 'When the row was made.';

create table sync.files (
  id                uuid primary key default gen_random_uuid(),
  organization_id   uuid not null references registry.organizations,
  state             sync.file_state not null default 'writing',
  pushes            integer not null default 0 check (pushes >= 0),
  content           text check (content ~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}$'),
  leased_by         text not null,
  lease_expires_at  timestamptz,
  accept_until      timestamptz,
  created_at        timestamptz not null default now(),
  ready_at          timestamptz,
  acknowledged_at   timestamptz,
  acknowledged_by   text,
  fetched_at        timestamptz,
  error_code        text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  unique (organization_id, id),
  constraint files_fetched_was_ready check (fetched_at is null or ready_at is not null),
  constraint files_failed_is_expired check (error_code is null or state = 'expired'),
  constraint files_state_has_evidence check (case state
    when 'writing'      then lease_expires_at is not null and content is null and ready_at is null
    when 'ready'        then content is not null and ready_at is not null and accept_until is not null and acknowledged_at is null
    when 'acknowledged' then ready_at is not null and acknowledged_at is not null and acknowledged_by is not null and content is null
    when 'expired'      then content is null and acknowledged_at is null
  end)
);
create index files_organization on sync.files (organization_id, created_at);
create unique index files_one_at_a_time on sync.files (organization_id) where state in ('writing', 'ready');
comment on table sync.files is 'Changes for member systems of kind file: a sealed CSV each.';
comment on column sync.files.id is 'Identifies the file.';
comment on column sync.files.organization_id is 'Whose members.';
comment on column sync.files.state is 'Where it stands; one file of an organisation is under way at a time.';
comment on column sync.files.pushes is 'Changes in it.';
comment on column sync.files.content is 'The CSV as a compact JWE for receiver_key; dropped once it is acknowledged or expired.';
comment on column sync.files.leased_by is 'The worker that writes it.';
comment on column sync.files.lease_expires_at is 'Until when that worker is believed to be alive.';
comment on column sync.files.accept_until is 'When a file that nobody acknowledged expires and its changes go into the next one.';
comment on column sync.files.created_at is 'When it was begun.';
comment on column sync.files.ready_at is 'When it could be fetched.';
comment on column sync.files.acknowledged_at is 'When the receiver confirmed it.';
comment on column sync.files.acknowledged_by is 'The coordinator who did.';
comment on column sync.files.fetched_at is 'When a coordinator fetched it first; from then on it cannot be taken back.';
comment on column sync.files.error_code is 'Why it could not be written.';

-- A large table is vacuumed and analysed in small steps: PostgreSQL's default waits until a fifth of it has changed.
create table sync.pushes (
  id                  uuid primary key default gen_random_uuid(),
  organization_id     uuid not null,
  member_id           uuid not null,
  observation_id      uuid references registry.observations deferrable initially deferred,
  personnummer_index  text,
  state               sync.push_state not null default 'pending',
  attempts            integer not null default 0 check (attempts >= 0),
  next_attempt_at     timestamptz default now(),
  fencing_token       bigint not null default 0,
  lease_expires_at    timestamptz,
  leased_by           text,
  slot                smallint check (slot > 0),
  accepted_until      timestamptz,
  status_url          text check (status_url ~ '^https?://' and length(status_url) <= 2000),
  receiver_sealed     text,
  file_id             uuid,
  error_code          text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  http_status         integer check (http_status between 100 and 599),
  created_at          timestamptz not null default now(),
  settled_at          timestamptz,
  consent_withdrawn_at timestamptz,
  decided             boolean not null default false,
  waits_for_conflict_id uuid references registry.conflicts,
  number_erased_at    timestamptz,
  removal             boolean not null generated always as (personnummer_index is null and number_erased_at is null) stored,
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  foreign key (organization_id, file_id) references sync.files (organization_id, id),
  constraint pushes_acceptance_is_complete check (
    accepted_until is not null or (status_url is null and receiver_sealed is null)),
  constraint pushes_erased_holds_nothing check (number_erased_at is null or personnummer_index is null),
  constraint pushes_cancelled_has_reason check (state <> 'cancelled' or consent_withdrawn_at is not null),
  constraint pushes_waiting_has_case check ((waits_for_conflict_id is not null) = (next_attempt_at is not distinct from 'infinity')),
  constraint pushes_final_holds_nothing check (settled_at is null or (accepted_until is null and slot is null)),
  constraint pushes_state_has_evidence check (case state
    when 'pending'    then settled_at is null and lease_expires_at is null and next_attempt_at is not null
    when 'sending'    then settled_at is null and lease_expires_at is not null and leased_by is not null and fencing_token > 0 and slot is not null
    when 'delivered'  then settled_at is not null and lease_expires_at is null and next_attempt_at is null and attempts > 0
    when 'rejected'   then settled_at is not null and lease_expires_at is null and next_attempt_at is null and error_code is not null
    when 'given_up'   then settled_at is not null and lease_expires_at is null and error_code is not null
    else settled_at is not null and lease_expires_at is null and next_attempt_at is null
  end)
) with (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create unique index pushes_pending_once on sync.pushes (member_id) where state = 'pending';
create index pushes_unsettled on sync.pushes (organization_id, next_attempt_at) where settled_at is null;
create index pushes_due on sync.pushes (next_attempt_at) where state in ('pending', 'given_up') and next_attempt_at is not null;
-- Every claim and every settling writes into each index of the push. The few that are being sent are found by their slots.
create index pushes_slots on sync.pushes (organization_id, slot) where state = 'sending';
create index pushes_file on sync.pushes (organization_id, file_id) where file_id is not null;
create index pushes_delivered on sync.pushes (organization_id, settled_at) where state = 'delivered';
create index pushes_failed on sync.pushes (organization_id, settled_at) where state in ('rejected', 'given_up');
-- For the list of all, newest first, and for those that are in one of a few states. An index of its own for each, because row security lets no
-- index compare a state; a push is in one of them at most.
create index pushes_newest on sync.pushes (created_at, id, organization_id);
create index pushes_newest_waiting on sync.pushes (created_at, id, organization_id) where state in ('pending', 'sending');
create index pushes_newest_failed on sync.pushes (created_at, id, organization_id) where state in ('rejected', 'given_up');
create index pushes_newest_dropped on sync.pushes (created_at, id, organization_id) where state in ('superseded', 'cancelled');
create index pushes_member on sync.pushes (organization_id, member_id);
create index pushes_waiting_for_case on sync.pushes (waits_for_conflict_id) where waits_for_conflict_id is not null;
create index pushes_observation on sync.pushes (observation_id) where observation_id is not null;
comment on table sync.pushes is 'Changes to be carried to a member system. The job queue only reminds the worker; this table is the truth.';
comment on column sync.pushes.id is 'Identifies the push; also its Idempotency-Key at the member system.';
comment on column sync.pushes.organization_id is 'Whose member system.';
comment on column sync.pushes.member_id is 'The member whose number is carried.';
comment on column sync.pushes.observation_id is 'The login that caused it.';
comment on column sync.pushes.personnummer_index is 'Index of the number to be carried, null: the number is to be removed. When the record has moved on, the push is superseded.';
comment on column sync.pushes.number_erased_at is 'When the index of the number was erased with the person.';
comment on column sync.pushes.removal is 'Whether the number is to be removed: what coordinators may know of its index.';
comment on column sync.pushes.state is 'Where it stands.';
comment on column sync.pushes.attempts is 'Attempts begun.';
comment on column sync.pushes.next_attempt_at is 'When the next attempt is due; also given-up pushes are tried again, once a day. Infinity while it waits for a case.';
comment on column sync.pushes.fencing_token is 'Rises with every claim; a result with an older one is refused.';
comment on column sync.pushes.lease_expires_at is 'Until when the claiming worker is believed to be alive.';
comment on column sync.pushes.leased_by is 'The worker that claimed it last.';
comment on column sync.pushes.slot is 'Which of the member system''s slots (1 to concurrency) it takes while it is sent.';
comment on column sync.pushes.accepted_until is 'Set while the change has been taken in but not yet carried out: how long that may last.';
comment on column sync.pushes.status_url is 'Where the member system says how far it is (202 with Location).';
comment on column sync.pushes.receiver_sealed is 'Kind worklist: the number as a compact JWE for receiver_key.';
comment on column sync.pushes.file_id is 'Kind file: the file that carries it.';
comment on column sync.pushes.error_code is 'Code of the last failure.';
comment on column sync.pushes.http_status is 'HTTP status of the last answer.';
comment on column sync.pushes.created_at is 'When the change was made.';
comment on column sync.pushes.settled_at is 'When it reached its final state.';
comment on column sync.pushes.consent_withdrawn_at is 'Since when it is not to be sent any more. Set on one that is being sent: a failed attempt is its last.';
comment on column sync.pushes.decided is 'A coordinator decided on this number: only a case that was opened after it makes it wait.';
comment on column sync.pushes.waits_for_conflict_id is 'The open case in which the number is in question. Until it is settled nothing is sent (private.tg_pushes__wait).';

-- A large table is vacuumed and analysed in small steps: PostgreSQL's default waits until a fifth of it has changed.
create table sync.push_attempts (
  id               bigint generated always as identity primary key,
  push_id          uuid not null references sync.pushes,
  organization_id  uuid not null references registry.organizations,
  attempt          integer not null check (attempt > 0),
  worker_id        text not null,
  result           sync.attempt_result not null,
  http_status      integer check (http_status between 100 and 599),
  error_code       text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  duration_ms      integer not null check (duration_ms >= 0),
  finished_at      timestamptz not null default clock_timestamp(),
  unique (push_id, attempt),
  constraint push_attempts_failure_has_code check (result in ('delivered', 'accepted') or error_code is not null)
) with (
  autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create index push_attempts_organization on sync.push_attempts (organization_id, finished_at);
comment on table sync.push_attempts is 'Every finished attempt of a push; never a body.';
comment on column sync.push_attempts.id is 'Order of arrival.';
comment on column sync.push_attempts.push_id is 'The push.';
comment on column sync.push_attempts.organization_id is 'Whose member system.';
comment on column sync.push_attempts.attempt is 'Number of the attempt, from 1.';
comment on column sync.push_attempts.worker_id is 'The worker that made it.';
comment on column sync.push_attempts.result is 'How it ended.';
comment on column sync.push_attempts.http_status is 'HTTP status, where there was an answer.';
comment on column sync.push_attempts.error_code is 'What went wrong, as a fixed code.';
comment on column sync.push_attempts.duration_ms is 'How long it took, in milliseconds.';
comment on column sync.push_attempts.finished_at is 'When it ended.';

-- A few rows, updated every few seconds: room on the page keeps the updates on it (HOT), and dead versions are removed as they come.
create table sync.breakers (
  organization_id  uuid primary key references registry.organizations,
  state            sync.breaker_state not null default 'closed',
  failures         integer not null default 0 check (failures >= 0),
  openings         integer not null default 0 check (openings >= 0),
  error_code       text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  http_status      integer check (http_status between 100 and 599),
  opened_at        timestamptz,
  probe_at         timestamptz,
  probe_push_id    uuid references sync.pushes,
  changed_at       timestamptz not null default now(),
  constraint breakers_state_has_evidence check (case state
    when 'closed'    then opened_at is null and probe_at is null and probe_push_id is null
    when 'open'      then opened_at is not null and probe_at is not null and error_code is not null and probe_push_id is null
    when 'half_open' then opened_at is not null and probe_at is not null and error_code is not null and probe_push_id is not null
  end)
) with (
  fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500
);
create index breakers_probe_push on sync.breakers (probe_push_id) where probe_push_id is not null;
comment on table sync.breakers is 'Circuit breaker per organisation, shared by all workers. No row: closed.';
comment on column sync.breakers.organization_id is 'Whose member system.';
comment on column sync.breakers.state is 'Where it stands.';
comment on column sync.breakers.failures is 'Failures in a row while it was closed.';
comment on column sync.breakers.openings is 'Openings in a row without a success between; the pause before the next probe grows with it.';
comment on column sync.breakers.error_code is 'The failure that opened it.';
comment on column sync.breakers.http_status is 'HTTP status of that failure.';
comment on column sync.breakers.opened_at is 'Since when nothing is sent.';
comment on column sync.breakers.probe_at is 'When the next push is let through to find out.';
comment on column sync.breakers.probe_push_id is 'The push that is let through now.';
comment on column sync.breakers.changed_at is 'When the state changed last.';

-- A few rows, updated every few seconds: room on the page keeps the updates on it (HOT), and dead versions are removed as they come.
create table sync.rates (
  organization_id  uuid primary key references registry.organizations,
  free_at          timestamptz not null
) with (
  fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500
);
comment on table sync.rates is 'Member systems with a rate: when the next request may leave.';
comment on column sync.rates.organization_id is 'Whose member system.';
comment on column sync.rates.free_at is 'All earlier moments are given away.';

-- A few rows, updated every few seconds: room on the page keeps the updates on it (HOT), and dead versions are removed as they come.
create table sync.workers (
  pool_id     text primary key,
  started_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now()
) with (
  fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500
);
comment on table sync.workers is 'Workers that are alive. One that falls silent has its jobs taken away.';
comment on column sync.workers.pool_id is 'The name under which graphile-worker locks its jobs.';
comment on column sync.workers.started_at is 'When it was first heard of.';
comment on column sync.workers.seen_at is 'When it was last heard of.';

create type sync.push_claim as (
  push_id              uuid,
  worker_id            text,
  fencing_token        text,
  attempt              integer,
  organization_id      uuid,
  organization         text,
  member_id            uuid,
  external_id          text,
  personnummer_sealed  text,
  personnummer_index   text,
  member_system        jsonb,
  lease_ms             integer,
  delay_ms             integer,
  status_url           text,
  overdue              boolean,
  made_at              text,
  waits_for            text,
  wait_ms              integer,
  traceparent          text
);
comment on type sync.push_claim is 'What a worker hears of a push it asked for: what to send and where; or why it has to wait; or neither, when there is nothing to do.';
comment on column sync.push_claim.push_id is 'The push.';
comment on column sync.push_claim.worker_id is 'The name under which it is claimed.';
comment on column sync.push_claim.fencing_token is 'To be shown with the report; null: not claimed. As text, because JSON has no numbers of 64 bits.';
comment on column sync.push_claim.attempt is 'Number of the attempt that begins.';
comment on column sync.push_claim.organization_id is 'Whose member system.';
comment on column sync.push_claim.organization is 'Its slug.';
comment on column sync.push_claim.member_id is 'The member whose number is carried.';
comment on column sync.push_claim.external_id is 'The member''s number in the member system.';
comment on column sync.push_claim.personnummer_sealed is 'The number, sealed for the worker; null together with the index: it is to be removed.';
comment on column sync.push_claim.personnummer_index is 'Index of the number.';
comment on column sync.push_claim.member_system is 'The row of sync.member_systems.';
comment on column sync.push_claim.lease_ms is 'Length of the lease, in milliseconds.';
comment on column sync.push_claim.delay_ms is 'Pause before sending, where the member system has a rate, in milliseconds.';
comment on column sync.push_claim.status_url is 'Where the member system, which took the change in before, says how it went.';
comment on column sync.push_claim.overdue is 'It has had its time to be carried out.';
comment on column sync.push_claim.made_at is 'When the change was made (RFC 3339, UTC).';
comment on column sync.push_claim.waits_for is 'Why it cannot begin now: member_busy, breaker_open, rate_used_up, no_slot. It has a job again.';
comment on column sync.push_claim.wait_ms is 'When it makes sense to look again, in milliseconds.';
comment on column sync.push_claim.traceparent is 'The step of a trace that handed over the login which the change comes from; null: not traced, or forgotten.';

create type sync.push_report as (
  push_id          uuid,
  worker_id        text,
  fencing_token    bigint,
  result           sync.attempt_result,
  http_status      integer,
  error_code       text,
  duration_ms      integer,
  final            boolean,
  retry_after      integer,
  status_url       text,
  receiver_sealed  text,
  next_worker_id   text
);
comment on type sync.push_report is 'How an attempt ended, as the worker tells it.';
comment on column sync.push_report.push_id is 'The push.';
comment on column sync.push_report.worker_id is 'The name under which it was claimed.';
comment on column sync.push_report.fencing_token is 'As the claim gave it.';
comment on column sync.push_report.result is 'How the attempt ended.';
comment on column sync.push_report.http_status is 'HTTP status, where there was an answer.';
comment on column sync.push_report.error_code is 'What went wrong, as a fixed code.';
comment on column sync.push_report.duration_ms is 'How long it took, in milliseconds.';
comment on column sync.push_report.final is 'True: give it up now.';
comment on column sync.push_report.retry_after is 'Seconds that the member system asks us to wait; 24 hours at most are honoured.';
comment on column sync.push_report.status_url is 'For accepted: where the member system says how it went.';
comment on column sync.push_report.receiver_sealed is 'For accepted by a person: the number, sealed for the organisation.';
comment on column sync.push_report.next_worker_id is 'For delivered: the name under which to claim another push of the organisation; null: none.';

alter table registry.conflicts add foreign key (push_id) references sync.pushes;
create index conflicts_push on registry.conflicts (push_id) where push_id is not null;

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
