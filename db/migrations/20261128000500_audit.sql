-- migrate:up
set local role audit_owner;

-- Domains and not CHECK constraints of the table: those are parsed anew for every single row that is inserted, and these lists
-- are the longest of all.
create domain audit.event_name as text constraint event_is_known check (value in (
  'filled', 'confirmed', 'conflict', 'duplicate', 'absent', 'unlinked', 'ambiguous', 'name_mismatch', 'deferred', 'proposed', 'proposal_expired',
  'inconsistent',
  'linked', 'link_moved', 'link_removed', 'index_renewed', 'number_accepted', 'number_restored', 'number_removed', 'members_merged', 'members_separated',
  'case_resolved', 'case_superseded', 'case_reopened', 'refused',
  'case_assigned', 'case_postponed', 'case_commented', 'decision_proposed', 'decision_declined', 'decision_withdrawn', 'receiver_key_accepted',
  'consent_given', 'consent_refused', 'consent_withdrawn', 'consent_renewed', 'revocation_received',
  'session_opened', 'session_ended',
  'coordinator_added', 'coordinator_invited', 'coordinator_bound', 'coordinator_removed', 'coordinator_signed_in', 'sign_in_refused',
  'member_added', 'member_updated', 'import_conflict', 'import_duplicate', 'import_finished', 'import_abandoned',
  'import_differences_accepted', 'data_erased', 'configuration_changed', 'member_exported',
  'push_delivered', 'push_attempt_failed', 'push_rejected', 'push_given_up', 'push_superseded', 'push_cancelled', 'push_requeued',
  'push_held', 'push_released',
  'push_accepted', 'push_marked_done', 'number_fetched', 'breaker_opened', 'breaker_probing', 'breaker_closed',
  'file_written', 'file_fetched', 'file_acknowledged', 'file_expired', 'drift_found', 'restore_accepted',
  'erasure_announced', 'member_erased', 'erasure_receipt_given', 'erasure_replayed', 'events_redacted',
  'grant_counted', 'grant_frozen', 'grant_list_taken',
  'invoice_added', 'issue_token_requested', 'invoice_issued', 'invoice_no_consent', 'invoice_ambiguous', 'invoice_not_enough_data', 'invoice_rejected',
  'invoice_given_up', 'invoice_attempt_failed', 'invoice_cancelled', 'invoice_requeued', 'invoice_breaker_opened', 'invoice_breaker_probing',
  'invoice_breaker_closed'
));
comment on domain audit.event_name is 'What can happen. docs/audit-explained.md explains each.';

create domain audit.source_name as text constraint source_is_known check (value in ('vipps-login', 'bankid-login', 'idporten-login', 'staff-login', 'import', 'coordinator', 'worker', 'app', 'operator'));
comment on domain audit.source_name is 'What can bring it about.';

-- That it holds no number is asked by private.holds_number (20261128001000_checks.sql).
create domain audit.sentence as text constraint sentence_says_something check (value <> '');
comment on domain audit.sentence is 'A sentence for people, with nothing in it that could be a personnummer.';
-- The API's view of them has columns of these types.
grant usage on domain audit.event_name, audit.source_name, audit.sentence to registry_owner;

-- The newest epoch (audit.epochs), as a sequence: each event asks for it, and PostgreSQL reads no value quicker. Who has read it keeps a lock on
-- it until the transaction ends; so a new epoch waits for whoever writes in the old one (audit.begin_epoch). Dumps carry its value.
create sequence audit.newest_epoch as integer;
grant select on audit.newest_epoch to registry_owner;

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
  detail           jsonb not null default '{}',
  transaction_id   xid8 not null default pg_current_xact_id(),
  epoch            integer not null default coalesce(pg_sequence_last_value('audit.newest_epoch'), 1),
  redacted_at      timestamptz
) with (
  autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
-- For lists newest first, of all events and of one kind; the organisation is looked at in the index.
create index events_newest on audit.events (occurred_at, id, organization_id);
create index events_by_name on audit.events (event, occurred_at, id, organization_id);
create index events_member on audit.events (member_id, id) where member_id is not null;
create index events_conflict on audit.events (conflict_id, id) where conflict_id is not null;
create index events_push on audit.events (push_id, id) where push_id is not null;
create index events_merges on audit.events ((detail ->> 'survivor')) where event = 'members_merged';
create index events_observation on audit.events (observation_id) where observation_id is not null;
-- The order in which events are sealed, and the redactions that verifying looks up together.
create index events_in_order on audit.events (epoch, transaction_id, id);
create index events_redacted on audit.events (redacted_at, id) where redacted_at is not null;
comment on table audit.events is 'What happened: append-only, one row per thing. Nobody updates, deletes or truncates it.';
comment on column audit.events.id is 'Rises with time, roughly: ids are given before the transaction commits, so gaps are normal.';
comment on column audit.events.occurred_at is 'When it happened (clock time).';
comment on column audit.events.organization_id is 'The organisation concerned.';
comment on column audit.events.event is 'What happened. docs/audit-explained.md lists the events.';
comment on column audit.events.source is 'What brought it about: vipps-login, bankid-login, idporten-login, staff-login, import, coordinator, worker (also where a login or a coordinator caused what became of a push), app, or operator (a row changed by hand or by configuration).';
comment on column audit.events.actor is 'Who did it: the database login, coordinator:<user id>, or member (the member that the event is about).';
comment on column audit.events.member_id is 'The member concerned.';
comment on column audit.events.observation_id is 'The login concerned.';
comment on column audit.events.conflict_id is 'The case concerned.';
comment on column audit.events.push_id is 'The push concerned.';
comment on column audit.events.message is 'One sentence for people. Numbers are masked.';
comment on column audit.events.detail is 'The same as data.';
comment on column audit.events.transaction_id is 'The transaction that wrote it. With the epoch and the id: the order in which events are sealed.';
comment on column audit.events.epoch is 'Counts the starts of transaction numbers: another one after a dump was restored elsewhere, or a backup was accepted (audit.epochs).';
comment on column audit.events.redacted_at is 'When sentence and details were taken out. The seal still shows that the event was there.';

-- Even the owner gives up what the triggers of audit.tg__refuse_change refuse anyway. Who writes sets neither id nor time.
revoke update, delete, truncate on audit.events from audit_owner;
-- What audit.redact_events takes out, in this owner's name.
grant update (message, detail, redacted_at) on audit.events to audit_owner;
grant select on audit.events to registry_owner;
grant insert (organization_id, event, source, actor, member_id, observation_id, conflict_id, push_id, message, detail)
  on audit.events to registry_owner;
grant select on audit.events to auditor;

-- The seal of the events (audit-seal/README.md): a tree of hashes, and signatures under it. No foreign keys to audit.events: PostgreSQL
-- locks the row that is referred to, and for that the audit's owner would need the right to change it.
create table audit.leaves (
  leaf_index      bigint primary key check (leaf_index >= 0),
  event_id        bigint not null unique,
  leaf_hash       bytea not null check (octet_length(leaf_hash) = 32),
  epoch           integer not null,
  transaction_id  xid8 not null
);
comment on table audit.leaves is 'One row for each sealed event, numbered without a gap in the order (epoch, transaction, id). Append-only.';
comment on column audit.leaves.leaf_index is 'The place in the tree: 0, 1, 2 and so on.';
comment on column audit.leaves.event_id is 'The event.';
comment on column audit.leaves.leaf_hash is 'SHA-256 of the salt and the content of the event, as the leaf of a tree (RFC 6962).';
comment on column audit.leaves.epoch is 'As in the event.';
comment on column audit.leaves.transaction_id is 'As in the event.';

create table audit.salts (
  event_id  bigint primary key,
  salt      bytea not null check (octet_length(salt) = 32)
);
comment on table audit.salts is 'The random part of each leaf. Without it nobody can try out what an event said; it goes when the event is redacted.';
comment on column audit.salts.event_id is 'The event.';
comment on column audit.salts.salt is '32 random bytes.';

create table audit.nodes (
  level       smallint not null check (level >= 8),
  node_index  bigint not null check (node_index >= 0),
  node_hash   bytea not null check (octet_length(node_hash) = 32),
  primary key (level, node_index)
);
comment on table audit.nodes is 'Hashes of complete subtrees of 256 leaves and more, so that a new root and a proof need a few rows only. All follow from audit.leaves.';
comment on column audit.nodes.level is 'The subtree has 2 to the power of this many leaves.';
comment on column audit.nodes.node_index is 'Which of its level, from 0.';
comment on column audit.nodes.node_hash is 'SHA-256 of the two halves (RFC 6962).';

create table audit.checkpoints (
  tree_size    bigint primary key check (tree_size > 0),
  root_hash    bytea not null check (octet_length(root_hash) = 32),
  signed_note  text not null check (signed_note <> ''),
  key_name     text not null check (key_name <> ''),
  sealed_at    timestamptz not null default clock_timestamp()
);
comment on table audit.checkpoints is 'What was signed: after so many events, this root. Append-only; each is consistent with the one before it.';
comment on column audit.checkpoints.tree_size is 'How many leaves it covers.';
comment on column audit.checkpoints.root_hash is 'The root over these leaves.';
comment on column audit.checkpoints.signed_note is 'The checkpoint with its signatures, as published (C2SP tlog-checkpoint and signed-note).';
comment on column audit.checkpoints.key_name is 'The name of the key, which is the name of the audit.';
comment on column audit.checkpoints.sealed_at is 'When it was signed. Not part of what is signed: the time that counts is a witness''s.';

create table audit.sealing_keys (
  verifier_key  text primary key check (verifier_key <> ''),
  used_since    timestamptz not null default clock_timestamp()
);
comment on table audit.sealing_keys is 'Public keys that have signed checkpoints, also those that were replaced. Who does not trust this database has them from elsewhere.';
comment on column audit.sealing_keys.verifier_key is 'Name, key id and key, as C2SP signed-note writes them.';
comment on column audit.sealing_keys.used_since is 'When the first checkpoint was signed with it.';

create table audit.epochs (
  epoch              integer primary key check (epoch > 0),
  began_at           timestamptz not null default clock_timestamp(),
  system_identifier  bigint,
  reason             text not null check (reason in ('first', 'other_cluster', 'restore_accepted')),
  tree_size          bigint not null check (tree_size >= 0),
  lost_checkpoint    text,
  check ((lost_checkpoint is not null) <= (reason = 'restore_accepted'))
);
comment on table audit.epochs is 'Where transaction numbers began anew, or a restored backup was accepted. Append-only.';
comment on column audit.epochs.epoch is '1, 2, 3 and so on; written into each event.';
comment on column audit.epochs.began_at is 'When.';
comment on column audit.epochs.system_identifier is 'The PostgreSQL cluster it began in; null where PostgreSQL does not tell.';
comment on column audit.epochs.reason is 'first; other_cluster: noticed by the worker; restore_accepted: somebody said so with npm run audit:verify -- --accept-restore.';
comment on column audit.epochs.tree_size is 'How many events were sealed then.';
comment on column audit.epochs.lost_checkpoint is 'The checkpoint that shows what the restored backup lacks, where one was kept elsewhere.';

-- What the events' owner gives up, and for the same reason. It keeps DELETE on audit.salts, which redacting needs.
revoke update, delete, truncate on audit.leaves, audit.nodes, audit.checkpoints, audit.sealing_keys, audit.epochs from audit_owner;
revoke update, truncate on audit.salts from audit_owner;
grant select, insert on audit.leaves, audit.salts, audit.nodes to registry_owner;
grant select, insert (tree_size, root_hash, signed_note, key_name) on audit.checkpoints to registry_owner;
grant select, insert (verifier_key) on audit.sealing_keys to registry_owner;
grant select on audit.epochs to registry_owner;
grant select on audit.leaves, audit.salts, audit.nodes, audit.checkpoints, audit.sealing_keys, audit.epochs to auditor;

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
