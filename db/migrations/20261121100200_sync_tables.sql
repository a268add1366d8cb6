-- migrate:up
set local role registry_owner;

create type sync.member_system_kind as enum ('http');
comment on type sync.member_system_kind is 'How an organisation''s member system is reached.';

create type sync.http_authentication as enum ('none', 'basic', 'bearer', 'oauth2_client_credentials');
comment on type sync.http_authentication is 'How the worker authenticates at a member system.';

create type sync.push_state as enum ('pending', 'sending', 'delivered', 'rejected', 'given_up', 'superseded', 'cancelled');
comment on type sync.push_state is 'Life of a push. docs/outcomes.md draws it.';

create type sync.attempt_result as enum ('delivered', 'retry', 'rejected');
comment on type sync.attempt_result is 'How one attempt ended: accepted, worth another try, or refused for good.';

create table sync.member_systems (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null unique references registry.organizations,
  kind             sync.member_system_kind not null default 'http',
  method           text not null default 'PUT' check (method in ('POST', 'PUT', 'PATCH')),
  url_template     text not null check (url_template ~ '^https?://' and url_template !~ '\{personnummer\}'),
  body_template    jsonb not null default '{"personnummer": "{personnummer}"}',
  auth             sync.http_authentication not null default 'none',
  username         text,
  secret_env       text check (secret_env ~ '^MEMBER_SYSTEM_[A-Z0-9_]+$'),
  token_url        text check (token_url ~ '^https?://'),
  client_id        text,
  scope            text,
  timeout_ms       integer not null default 10000 check (timeout_ms between 100 and 30000),
  rate_per_second  integer check (rate_per_second > 0),
  concurrency      integer not null default 4 check (concurrency between 1 and 100),
  created_at       timestamptz not null default now(),
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
comment on column sync.member_systems.url_template is 'URL with {external_id} where the member''s id goes. Never holds the number.';
comment on column sync.member_systems.body_template is 'JSON body with {personnummer} and {external_id} inside string values.';
comment on column sync.member_systems.auth is 'How the worker authenticates.';
comment on column sync.member_systems.username is 'User name for basic authentication.';
comment on column sync.member_systems.secret_env is 'Name of the environment variable with the password, token or client secret. Never the secret.';
comment on column sync.member_systems.token_url is 'OAuth 2.0 token endpoint.';
comment on column sync.member_systems.client_id is 'OAuth 2.0 client.';
comment on column sync.member_systems.scope is 'OAuth 2.0 scope.';
comment on column sync.member_systems.timeout_ms is 'Longest time one request may take, in milliseconds.';
comment on column sync.member_systems.rate_per_second is 'Most requests a second; null: unlimited.';
comment on column sync.member_systems.concurrency is 'Most requests at a time.';
comment on column sync.member_systems.created_at is 'When the row was made.';

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
  error_code          text check (error_code ~ '^[a-z0-9_]{1,60}$'),
  http_status         integer check (http_status between 100 and 599),
  created_at          timestamptz not null default now(),
  settled_at          timestamptz,
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  constraint pushes_state_has_evidence check (case state
    when 'pending'    then settled_at is null and lease_expires_at is null and next_attempt_at is not null
    when 'sending'    then settled_at is null and lease_expires_at is not null and leased_by is not null and fencing_token > 0
    when 'delivered'  then settled_at is not null and lease_expires_at is null and next_attempt_at is null and attempts > 0
    when 'rejected'   then settled_at is not null and lease_expires_at is null and next_attempt_at is null and error_code is not null
    when 'given_up'   then settled_at is not null and lease_expires_at is null and next_attempt_at is null and error_code is not null
    else settled_at is not null and lease_expires_at is null and next_attempt_at is null
  end)
);
create unique index pushes_pending_once on sync.pushes (member_id) where state = 'pending';
create index pushes_unsettled on sync.pushes (organization_id, next_attempt_at) where settled_at is null;
create index pushes_failed on sync.pushes (organization_id, settled_at) where state in ('rejected', 'given_up');
create index pushes_member on sync.pushes (organization_id, member_id);
create index pushes_observation on sync.pushes (observation_id) where observation_id is not null;
comment on table sync.pushes is 'Changes to be carried to a member system. The job queue only reminds the worker; this table is the truth.';
comment on column sync.pushes.id is 'Identifies the push; also its Idempotency-Key at the member system.';
comment on column sync.pushes.organization_id is 'Whose member system.';
comment on column sync.pushes.member_id is 'The member whose number is carried.';
comment on column sync.pushes.observation_id is 'The login that caused it.';
comment on column sync.pushes.personnummer_index is 'Index of the number to be carried, null: the number is to be removed. When the record has moved on, the push is superseded.';
comment on column sync.pushes.state is 'Where it stands.';
comment on column sync.pushes.attempts is 'Attempts begun.';
comment on column sync.pushes.next_attempt_at is 'When the next attempt is due.';
comment on column sync.pushes.fencing_token is 'Rises with every claim; a result with an older one is refused.';
comment on column sync.pushes.lease_expires_at is 'Until when the claiming worker is believed to be alive.';
comment on column sync.pushes.leased_by is 'The worker that claimed it last.';
comment on column sync.pushes.error_code is 'Code of the last failure.';
comment on column sync.pushes.http_status is 'HTTP status of the last answer.';
comment on column sync.pushes.created_at is 'When the change was made.';
comment on column sync.pushes.settled_at is 'When it reached its final state.';

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
  constraint push_attempts_failure_has_code check ((result = 'delivered') or error_code is not null)
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

alter table registry.conflicts add foreign key (push_id) references sync.pushes;
create index conflicts_push on registry.conflicts (push_id) where push_id is not null;

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
