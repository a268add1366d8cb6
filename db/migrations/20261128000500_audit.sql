-- migrate:up
set local role audit_owner;

-- Domains and not CHECK constraints of the table: those are parsed anew for every single row that is inserted, and these lists
-- are the longest of all.
create domain audit.event_name as text constraint event_is_known check (value in (
  'filled', 'confirmed', 'conflict', 'duplicate', 'absent', 'unlinked', 'ambiguous', 'name_mismatch', 'deferred', 'proposed', 'proposal_expired',
  'inconsistent',
  'linked', 'link_moved', 'link_removed', 'index_renewed', 'number_accepted', 'number_restored', 'members_merged', 'members_separated',
  'case_resolved', 'case_superseded', 'case_reopened', 'refused',
  'case_assigned', 'case_postponed', 'case_commented', 'decision_proposed', 'decision_declined', 'decision_withdrawn', 'receiver_key_accepted',
  'consent_given', 'consent_refused', 'consent_withdrawn', 'consent_renewed', 'revocation_received',
  'session_opened', 'session_ended',
  'coordinator_added', 'coordinator_invited', 'coordinator_bound', 'coordinator_removed', 'coordinator_signed_in', 'sign_in_refused',
  'member_added', 'member_updated', 'import_conflict', 'import_duplicate', 'import_finished', 'import_abandoned',
  'import_differences_accepted', 'data_erased', 'configuration_changed',
  'push_delivered', 'push_attempt_failed', 'push_rejected', 'push_given_up', 'push_superseded', 'push_cancelled', 'push_requeued',
  'push_held', 'push_released',
  'push_accepted', 'push_marked_done', 'number_fetched', 'breaker_opened', 'breaker_probing', 'breaker_closed',
  'file_written', 'file_fetched', 'file_acknowledged', 'file_expired', 'drift_found'
));
comment on domain audit.event_name is 'What can happen. docs/audit-explained.md explains each.';

create domain audit.source_name as text constraint source_is_known check (value in ('vipps-login', 'bankid-login', 'idporten-login', 'staff-login', 'import', 'coordinator', 'worker', 'app', 'operator'));
comment on domain audit.source_name is 'What can bring it about.';

-- That it holds no number is asked by private.holds_number (20261128001000_checks.sql).
create domain audit.sentence as text constraint sentence_says_something check (value <> '');
comment on domain audit.sentence is 'A sentence for people, with nothing in it that could be a personnummer.';
-- The API's view of them has columns of these types.
grant usage on domain audit.event_name, audit.source_name, audit.sentence to registry_owner;

-- A large table is vacuumed and analysed in small steps: PostgreSQL's default waits until a fifth of it has changed.
create table audit.events (
  id               bigint generated always as identity primary key,
  occurred_at      timestamptz not null default clock_timestamp(),
  organization_id  uuid,
  event            audit.event_name not null,
  source           audit.source_name not null,
  actor            text not null check (actor <> ''),
  member_id        uuid,
  observation_id   uuid,
  conflict_id      uuid,
  push_id          uuid,
  message          audit.sentence not null,
  detail           jsonb not null default '{}'
) with (
  autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
-- For lists newest first, of all events and of one kind; the organisation is looked at in the index.
create index events_newest on audit.events (occurred_at, id, organization_id);
create index events_by_name on audit.events (event, id, organization_id);
create index events_member on audit.events (member_id, id) where member_id is not null;
create index events_conflict on audit.events (conflict_id, id) where conflict_id is not null;
create index events_push on audit.events (push_id, id) where push_id is not null;
create index events_merges on audit.events ((detail ->> 'survivor')) where event = 'members_merged';
create index events_observation on audit.events (observation_id) where observation_id is not null;
comment on table audit.events is 'What happened: append-only, one row per thing. Nobody updates, deletes or truncates it.';
comment on column audit.events.id is 'Rises with time, roughly: ids are given before the transaction commits, so gaps are normal.';
comment on column audit.events.occurred_at is 'When it happened (clock time).';
comment on column audit.events.organization_id is 'The organisation concerned.';
comment on column audit.events.event is 'What happened. docs/audit-explained.md lists the events.';
comment on column audit.events.source is 'What brought it about: vipps-login, bankid-login, idporten-login, staff-login, import, coordinator, worker (also where a login or a coordinator caused what became of a push), app, or operator (a row changed by hand or by configuration).';
comment on column audit.events.actor is 'Who did it: the database login, or coordinator:<user id>.';
comment on column audit.events.member_id is 'The member concerned.';
comment on column audit.events.observation_id is 'The login concerned.';
comment on column audit.events.conflict_id is 'The case concerned.';
comment on column audit.events.push_id is 'The push concerned.';
comment on column audit.events.message is 'One sentence for people. Numbers are masked.';
comment on column audit.events.detail is 'The same as data.';

-- Even the owner gives up what the triggers of audit.tg__refuse_change refuse anyway. Who writes sets neither id nor time.
revoke update, delete, truncate on audit.events from audit_owner;
grant select on audit.events to registry_owner;
grant insert (organization_id, event, source, actor, member_id, observation_id, conflict_id, push_id, message, detail)
  on audit.events to registry_owner;
grant select on audit.events to auditor;

reset role;
set local role registry_owner;

create table registry.repeated_events (
  kind             text not null,
  hour             timestamptz not null,
  times            integer not null default 1 check (times > 0),
  event            audit.event_name not null,
  source           audit.source_name not null,
  actor            text not null check (actor <> ''),
  organization_id  uuid,
  member_id        uuid,
  conflict_id      uuid,
  push_id          uuid,
  message          audit.sentence not null,
  detail           jsonb not null default '{}',
  primary key (kind, hour)
) with (fillfactor = 50);
comment on table registry.repeated_events is 'Events that anybody can bring about as often as they like, counted within the hour instead of written each time. A row goes when its hour is over, and leaves one event.';
comment on column registry.repeated_events.kind is 'What is counted as the same.';
comment on column registry.repeated_events.hour is 'The hour in which it is counted.';
comment on column registry.repeated_events.times is 'How many times. The first five are events themselves.';
comment on column registry.repeated_events.event is 'As audit.events, of the first one.';
comment on column registry.repeated_events.source is 'As audit.events.';
comment on column registry.repeated_events.actor is 'As audit.events.';
comment on column registry.repeated_events.organization_id is 'As audit.events.';
comment on column registry.repeated_events.member_id is 'As audit.events.';
comment on column registry.repeated_events.conflict_id is 'As audit.events.';
comment on column registry.repeated_events.push_id is 'As audit.events.';
comment on column registry.repeated_events.message is 'As audit.events.';
comment on column registry.repeated_events.detail is 'As audit.events.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
