-- The one place that says what is personal data of a member, and what becomes of it. Erasing is checked by it (private.remains_of), an export is
-- made by it, and a test holds it to the tables: a column that is added and stands in no line here fails. Erased: gone with the person. Kept: about
-- the person, but it tells nobody who; or kept for a reason that is given. Not personal: about the organisation, its coordinators, or the machinery.
-- found_by is a predicate over a row t of the table and a private.person p; gone, over the same row, is true when nothing of the person is left in
-- the column. A row that is deleted is no longer found at all.
create or replace view private.personal_data with (security_invoker = true) as
select
  split_part(line.place, '.', 1) as schema_name, split_part(line.place, '.', 2) as table_name, c.column_name, line.class, line.found_by,
  case when line.class = 'erased' then replace(coalesce(line.gone, 't.COLUMN is null'), 'COLUMN', c.column_name) end as gone, line.why
from (values
  -- The record.
  ('registry.members', 'erased', 't.id = any (p.member_ids)', null,
    'given_name family_name birth_date email phone personnummer_index personnummer_sealed personnummer_masked personnummer_source personnummer_at',
    'Who the member is.'),
  ('registry.members', 'erased', 't.user_id = any (p.user_ids)', 'false', 'user_id', 'Subject of the app''s tokens; another takes its place.'),
  ('registry.members', 'kept', 't.id = any (p.member_ids)', null, 'external_id',
    'Until the member system has removed the number: then it goes too.'),
  ('registry.members', 'kept', 't.id = any (p.member_ids)', null,
    'id organization_id merged_into erasure_id erased_at version created_at updated_at',
    'A mark that logins, cases and pushes refer to. Random ids and times.'),
  ('registry.member_search', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id member_id names birth_date', 'What members are searched by.'),
  -- Logins.
  ('registry.identity_links', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'id organization_id issuer subject member_id provider match_rule explanation revoked_at created_at', 'Which account is the member''s.'),
  ('registry.excluded_links', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id issuer subject member_id created_at', 'Which account is not.'),
  ('registry.observations', 'erased', 't.id = any (p.observation_ids)', null,
    'subject acr personnummer_index personnummer_sealed personnummer_masked given_name family_name birth_date phone email',
    'What the provider said of the person.'),
  ('registry.observations', 'erased', 't.id = any (p.observation_ids)', null, 'traceparent', 'Which trace of the programs'' work was this login''s.'),
  ('registry.observations', 'erased', 't.id = any (p.observation_ids)', 't.COLUMN = ''{}''', 'personnummer_index_previous explanation',
    'The number under older keys; what agreed with the record.'),
  ('registry.observations', 'kept', 't.id = any (p.observation_ids)', null,
    'id organization_id provider source issuer authenticated_at issued_at received_at outcome absent_reason inconsistency deferred_sqlstate '
    'settled_at member_id requested_member_id told phone_verified email_verified contact_erased_at number_erased_at erased_at',
    'That somebody logged in, when, and what came of it: it is counted.'),
  ('registry.sessions', 'erased', 't.id = any (p.session_ids)', 'false',
    'id organization_id audience member_id observation_id coordinator_id return_to client_id scope nonce code_hash code_challenge code_expires_at '
    'code_used_at opened_at expires_at ended_at end_reason', 'The member''s sessions.'),
  ('registry.refresh_tokens', 'erased', 't.session_id = any (p.session_ids)', 'false',
    'token_hash session_id issued_at replaced_at successor_salt', 'Their tokens.'),
  ('registry.link_proposals', 'erased', 't.observation_id = any (p.observation_ids)', 'false',
    'observation_id organization_id session_id proposed_at return_to code_hash code_challenge client_id scope nonce code_expires_at',
    'Logins that the member asked to have linked.'),
  ('registry.consents', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'id organization_id member_id provider state observation_id scope evidence answered_at withdrawn_at', 'What the member consented to.'),
  ('registry.revocations', 'erased',
    't.organization_id = p.organization_id and t.subject = any (array(select l.subject from unnest(p.logins) as l))', 'false',
    'organization_id provider subject event issued_at received_at late by_member', 'What the member withdrew, or a provider said so.'),
  -- Cases.
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', null, 'personnummer_index number_seen_at note',
    'The number in question; what coordinators wrote.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', 't.COLUMN = ''{}''', 'personnummer_index_previous', 'The same under older keys.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', 't.COLUMN = ''erased '' || t.id', 'fingerprint', 'It names the account.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', 't.COLUMN - ''import_run_id'' = ''{}''', 'detail', 'What agreed and disagreed.'),
  ('registry.conflicts', 'erased', 't.id = any (p.conflict_ids)', '(t.COLUMN).note is null', 'proposal', 'Its note. Who proposed what is kept.'),
  ('registry.conflicts', 'kept', 't.id = any (p.conflict_ids)', null,
    'id organization_id kind kind_name class state member_id other_member_id candidates observation_id push_id seen last_seen_at version opened_at '
    'closed_at decision decided_by superseded_by assigned_to assigned_until postponed_until erased_at',
    'That there was a case, and how it was settled, by which coordinator: it is counted.'),
  ('registry.conflict_comments', 'erased', 't.organization_id = p.organization_id and t.conflict_id = any (p.conflict_ids)', 'false',
    'id organization_id conflict_id written_at user_id text', 'What coordinators told each other.'),
  ('registry.resolutions', 'erased', 't.conflict_id = any (p.conflict_ids)', null, 'note before undo_note',
    'What coordinators wrote, and what a decision replaced.'),
  ('registry.resolutions', 'kept', 't.conflict_id = any (p.conflict_ids)', null,
    'id organization_id conflict_id decision decided_by proposed_by decided_at undone_at undone_by', 'Which decisions were made: they are counted.'),
  ('registry.offered_numbers', 'erased', 't.conflict_id = any (p.conflict_ids)', 'false',
    'conflict_id personnummer_index personnummer_index_previous personnummer_sealed personnummer_masked', 'Numbers that an import brought.'),
  -- Imports.
  ('registry.import_lines', 'erased', 't.external_id = any (p.external_ids) and t.run_id in (
      select r.id from registry.import_runs as r where r.organization_id = p.organization_id)', 'false',
    'run_id external_id personnummer_index rejected', 'What a running import has read.'),
  ('registry.waiting_numbers', 'erased', 't.external_id = any (p.external_ids) and t.run_id in (
      select r.id from registry.import_runs as r where r.organization_id = p.organization_id)', 'false',
    'run_id line external_id personnummer_index personnummer_index_previous personnummer_sealed personnummer_masked counted_unchanged nth step '
    'member_id holder_id moving', 'Numbers that wait for the end of a file.'),
  ('registry.import_runs', 'not personal', null, null,
    'id organization_id fingerprint columns dry_run readmit state records_done added updated unchanged duplicates conflicts rejected looks '
    'started_at accepted_at ended_at', 'Counts of a file, and a digest of it.'),
  ('registry.import_rejections', 'not personal', null, null, 'run_id line reasons', 'Lines of a file, and codes.'),
  -- Grant reports.
  ('reporting.residences', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id member_id known_from municipality municipality_year municipality_written address postal_code chapter',
    'Where the member lives, and lived.'),
  ('reporting.memberships', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'id organization_id member_id since until', 'From when until when.'),
  ('reporting.dues', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', 'false',
    'organization_id member_id year paid_on amount', 'What the member paid.'),
  ('reporting.snapshot_persons', 'erased', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', null,
    'name address postal_code municipality county chapter birth_year paid_on amount probable_group', 'Who stands on the auditor''s list.'),
  ('reporting.snapshot_persons', 'kept', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', null,
    'snapshot_id organization_id nth member_id reason verified place_problem erased_at', 'That somebody was counted, or why not: figures stay.'),
  ('reporting.snapshots', 'not personal', null, null,
    'id organization_id base_year rule_code rule counted_on state version corrects made_at made_by imported_at counting_digest records counted '
    'verified counties municipalities probable_duplicates open_cases meets digest proposed_by frozen_by frozen_at conflict_id '
    'division organization_name started_at failed_at failure',
    'Figures, and which coordinators froze them.'),
  ('reporting.snapshot_figures', 'not personal', null, null, 'snapshot_id organization_id dimension key name counted verified',
    'Figures. Small ones may point at somebody, so they are for the organisation only.'),
  ('reporting.grant_rules', 'not personal', null, null,
    'code title level document counted_month counted_day min_age max_age min_fee paid_within_days application_after grant_after counties '
    'municipalities area_year required_members required_municipalities required_counties one_suffices', 'Rules.'),
  ('reporting.divisions', 'not personal', null, null, 'year source', 'Public.'),
  ('reporting.counties', 'not personal', null, null, 'code name first_year last_year', 'Public.'),
  ('reporting.municipalities', 'not personal', null, null, 'code name first_year last_year', 'Public.'),
  ('reporting.municipality_changes', 'not personal', null, null, 'year old_code new_code', 'Public.'),
  -- What goes to the member system.
  ('sync.pushes', 'erased', 't.organization_id = p.organization_id and t.id = any (p.push_ids)', null, 'personnummer_index receiver_sealed',
    'The number that was to be carried.'),
  ('sync.pushes', 'kept', 't.organization_id = p.organization_id and t.id = any (p.push_ids)', null,
    'id organization_id member_id observation_id state attempts next_attempt_at fencing_token lease_expires_at leased_by slot accepted_until '
    'status_url file_id error_code http_status created_at settled_at consent_withdrawn_at decided waits_for_conflict_id number_erased_at removal',
    'That something was sent, when, and how it ended: it is counted.'),
  ('sync.push_attempts', 'kept', 't.push_id = any (p.push_ids)', null,
    'id push_id organization_id attempt worker_id result http_status error_code duration_ms finished_at', 'Times and codes of attempts.'),
  ('sync.files', 'kept',
    't.organization_id = p.organization_id and t.id in (select u.file_id from sync.pushes as u where u.id = any (p.push_ids))', null,
    'id organization_id state pushes content leased_by lease_expires_at accept_until created_at ready_at acknowledged_at acknowledged_by fetched_at '
    'error_code', 'A file that somebody has fetched, sealed for the member system, stays until it is acknowledged or its time is over.'),
  ('sync.member_systems', 'not personal', null, null,
    'id organization_id kind method url_template body_template auth username secret_env token_url client_id token_endpoint_auth_method scope '
    'timeout_ms rate_per_second concurrency accept_within receiver_key file_every read_url_template read_pointer created_at', 'Settings.'),
  ('sync.breakers', 'not personal', null, null,
    'organization_id state failures openings error_code http_status opened_at probe_at probe_push_id changed_at', 'How the member system does.'),
  ('sync.rates', 'not personal', null, null, 'organization_id free_at', 'The same.'),
  ('sync.workers', 'not personal', null, null, 'pool_id started_at seen_at', 'Processes.'),
  -- Invoices.
  ('billing.invoices', 'kept', 't.organization_id = p.organization_id and t.member_id = any (p.member_ids)', null,
    'id organization_id issuer_id member_id invoice_number amount_ore due_date kid document_reference description state attempts next_attempt_at '
    'fencing_token lease_expires_at leased_by slot look_ups look_ups_on looked_up_by error_code http_status created_at settled_at cancelled_by '
    'cancel_reason', 'Bookkeeping material, which the law keeps for five years. What waits is cancelled.'),
  ('billing.issuers', 'not personal', null, null,
    'id organization_id organization_number account_number interface base_url access_token_url client_id client_secret_env subscription_key_env '
    'authorization_scheme token_place token_name issue_path timeout_ms concurrency look_ups_a_day created_at', 'Settings.'),
  ('billing.breakers', 'not personal', null, null,
    'organization_id state failures openings error_code http_status opened_at probe_at probe_invoice_id changed_at', 'How the invoice service does.'),
  -- The audit.
  ('audit.events', 'erased', '(t.member_id = any (p.member_ids) or t.observation_id = any (p.observation_ids)
      or t.conflict_id = any (p.conflict_ids) or t.push_id = any (p.push_ids))',
    't.redacted_at is not null or t.transaction_id = pg_current_xact_id() or audit.stays_whole(t.event)', 'message detail',
    'What happened, in words and as data. What erasing itself writes names nobody.'),
  ('audit.events', 'kept', '(t.member_id = any (p.member_ids) or t.observation_id = any (p.observation_ids)
      or t.conflict_id = any (p.conflict_ids) or t.push_id = any (p.push_ids))', null,
    'id occurred_at organization_id event source actor member_id observation_id conflict_id push_id transaction_id epoch redacted_at',
    'That it happened, when, and by whom: random ids.'),
  ('registry.repeated_events', 'erased',
    '(t.member_id = any (p.member_ids) or t.conflict_id = any (p.conflict_ids) or t.push_id = any (p.push_ids))', 'false',
    'kind hour times event source actor organization_id member_id conflict_id push_id message detail', 'What is counted to be said in the audit.'),
  ('audit.salts', 'kept', 't.event_id in (select e.id from audit.events as e where e.member_id = any (p.member_ids))', null, 'event_id salt',
    'Random. Those of redacted events are deleted with what the events said.'),
  ('audit.leaves', 'not personal', null, null, 'leaf_index event_id leaf_hash epoch transaction_id', 'Hashes that tell nothing without the salt.'),
  ('audit.nodes', 'not personal', null, null, 'level node_index node_hash', 'Hashes of hashes.'),
  ('audit.checkpoints', 'not personal', null, null, 'tree_size root_hash signed_note key_name sealed_at', 'Hashes of hashes, signed.'),
  ('audit.sealing_keys', 'not personal', null, null, 'verifier_key used_since', 'Public keys.'),
  ('audit.epochs', 'not personal', null, null, 'epoch began_at system_identifier reason tree_size lost_checkpoint', 'Of the database.'),
  ('audit.erasures', 'kept', 't.member_id = any (p.member_ids)', null,
    'id organization_id member_id state reason requested_by approved_by conflict_id announced_at recorded_at erased_at counts removal removed_at '
    'receipt_digest receipt_given_at receipt_given_to', 'That somebody was erased, so that it can be shown, and a restored backup be held to it.'),
  ('audit.erased_records', 'kept', 't.member_id = any (p.member_ids)', null, 'member_id organization_id erasure_id external_id_digest',
    'By which an import knows the member number again; it cannot be read from it.'),
  ('registry.erasure_receipts', 'kept', 't.erasure_id in (select r.erasure_id from audit.erased_records as r where r.member_id = any (p.member_ids))',
    null, 'erasure_id organization_id receipt made_at', 'The receipt, which names nobody, until it is fetched.'),
  -- Organisations, coordinators, apps.
  ('registry.organizations', 'not personal', null, null,
    'id slug name return_to capture_basis capture_necessity capture_decided_by capture_decided_at retention contact_retention '
    'audit_retention audit_redacted_until ask_again_after second_approval capture erasure_salt created_at', 'Of the organisation.'),
  ('registry.identity_providers', 'not personal', null, null,
    'id organization_id provider issuer client_id client_secret_env token_endpoint_auth_method scopes authorization_params '
    'id_token_signed_response_alg personnummer_from personnummer_claim consent_mode consent_scope personnummer_scope ask_number_when_missing '
    'lookup_client_id lookup_client_secret_env lookup_auth_method tokeninfo_endpoint minimum_acr required_amr enabled created_at', 'Settings.'),
  ('registry.oauth_clients', 'not personal', null, null, 'client_id organization_id audience redirect_uris name created_at', 'Apps.'),
  ('registry.coordinators', 'not personal', null, null,
    'user_id organization_id name email issuer subject invited_at language state created_at', 'Of coordinators, who are no members here.'),
  ('registry.consumed_transactions', 'not personal', null, null, 'transaction_id expires_at', 'Random ids, for minutes.'),
  ('registry.figures', 'not personal', null, null,
    'organization_id members with_number confirmed_last_12_months unlinked_logins pending_pushes failed_pushes counted_at counted_in', 'Counts.'),
  ('registry.monthly_figures', 'not personal', null, null,
    'organization_id month members_with_number filled confirmed conflict duplicate absent unlinked ambiguous name_mismatch cases_opened '
    'cases_settled deliveries_done deliveries_failed counted_at', 'Counts.')
) as line(place, class, found_by, gone, columns, why)
cross join lateral unnest(string_to_array(line.columns, ' ')) as c(column_name);
comment on view private.personal_data is 'What is personal data of a member, column by column, and what becomes of it when the person is erased.';
comment on column private.personal_data.schema_name is 'Schema of the table.';
comment on column private.personal_data.table_name is 'The table.';
comment on column private.personal_data.column_name is 'The column.';
comment on column private.personal_data.class is 'erased, kept or not personal.';
comment on column private.personal_data.found_by is 'Predicate that finds a person''s rows: over a row t of the table and p, a private.person. Null: none is about a person.';
comment on column private.personal_data.gone is 'Of erased columns: predicate over such a row that is true when nothing of the person is left in the column.';
comment on column private.personal_data.why is 'What it is, or why it is kept.';
