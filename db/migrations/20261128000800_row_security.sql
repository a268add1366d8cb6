-- migrate:up
-- Row security is on and forced for every table: also our own functions, which run as the owner, pass by a policy.
set local role registry_owner;

alter table registry.organizations enable row level security;
alter table registry.organizations force row level security;
create policy owner_all on registry.organizations to registry_owner using (true) with check (true);

alter table registry.identity_providers enable row level security;
alter table registry.identity_providers force row level security;
create policy owner_all on registry.identity_providers to registry_owner using (true) with check (true);

alter table registry.members enable row level security;
alter table registry.members force row level security;
create policy owner_all on registry.members to registry_owner using (true) with check (true);

alter table registry.member_search enable row level security;
alter table registry.member_search force row level security;
create policy owner_all on registry.member_search to registry_owner using (true) with check (true);

alter table registry.identity_links enable row level security;
alter table registry.identity_links force row level security;
create policy owner_all on registry.identity_links to registry_owner using (true) with check (true);

alter table registry.observations enable row level security;
alter table registry.observations force row level security;
create policy owner_all on registry.observations to registry_owner using (true) with check (true);

alter table registry.conflicts enable row level security;
alter table registry.conflicts force row level security;
create policy owner_all on registry.conflicts to registry_owner using (true) with check (true);

alter table registry.conflict_comments enable row level security;
alter table registry.conflict_comments force row level security;
create policy owner_all on registry.conflict_comments to registry_owner using (true) with check (true);

alter table registry.excluded_links enable row level security;
alter table registry.excluded_links force row level security;
create policy owner_all on registry.excluded_links to registry_owner using (true) with check (true);

alter table registry.resolutions enable row level security;
alter table registry.resolutions force row level security;
create policy owner_all on registry.resolutions to registry_owner using (true) with check (true);

alter table registry.consents enable row level security;
alter table registry.consents force row level security;
create policy owner_all on registry.consents to registry_owner using (true) with check (true);

alter table registry.revocations enable row level security;
alter table registry.revocations force row level security;
create policy owner_all on registry.revocations to registry_owner using (true) with check (true);

alter table registry.repeated_events enable row level security;
alter table registry.repeated_events force row level security;
create policy owner_all on registry.repeated_events to registry_owner using (true) with check (true);

alter table registry.coordinators enable row level security;
alter table registry.coordinators force row level security;
create policy owner_all on registry.coordinators to registry_owner using (true) with check (true);

alter table registry.oauth_clients enable row level security;
alter table registry.oauth_clients force row level security;
create policy owner_all on registry.oauth_clients to registry_owner using (true) with check (true);

alter table registry.consumed_transactions enable row level security;
alter table registry.consumed_transactions force row level security;
create policy owner_all on registry.consumed_transactions to registry_owner using (true) with check (true);

alter table registry.sessions enable row level security;
alter table registry.sessions force row level security;
create policy owner_all on registry.sessions to registry_owner using (true) with check (true);

alter table registry.link_proposals enable row level security;
alter table registry.link_proposals force row level security;
create policy owner_all on registry.link_proposals to registry_owner using (true) with check (true);

alter table registry.refresh_tokens enable row level security;
alter table registry.refresh_tokens force row level security;
create policy owner_all on registry.refresh_tokens to registry_owner using (true) with check (true);

alter table registry.figures enable row level security;
alter table registry.figures force row level security;
create policy owner_all on registry.figures to registry_owner using (true) with check (true);

alter table registry.monthly_figures enable row level security;
alter table registry.monthly_figures force row level security;
create policy owner_all on registry.monthly_figures to registry_owner using (true) with check (true);

alter table registry.erasure_receipts enable row level security;
alter table registry.erasure_receipts force row level security;
create policy owner_all on registry.erasure_receipts to registry_owner using (true) with check (true);

alter table registry.import_runs enable row level security;
alter table registry.import_runs force row level security;
create policy owner_all on registry.import_runs to registry_owner using (true) with check (true);

alter table registry.import_lines enable row level security;
alter table registry.import_lines force row level security;
create policy owner_all on registry.import_lines to registry_owner using (true) with check (true);

alter table registry.import_rejections enable row level security;
alter table registry.import_rejections force row level security;
create policy owner_all on registry.import_rejections to registry_owner using (true) with check (true);

alter table registry.offered_numbers enable row level security;
alter table registry.offered_numbers force row level security;
create policy owner_all on registry.offered_numbers to registry_owner using (true) with check (true);

alter table registry.waiting_numbers enable row level security;
alter table registry.waiting_numbers force row level security;
create policy owner_all on registry.waiting_numbers to registry_owner using (true) with check (true);

alter table sync.member_systems enable row level security;
alter table sync.member_systems force row level security;
create policy owner_all on sync.member_systems to registry_owner using (true) with check (true);

alter table sync.pushes enable row level security;
alter table sync.pushes force row level security;
create policy owner_all on sync.pushes to registry_owner using (true) with check (true);

alter table sync.push_attempts enable row level security;
alter table sync.push_attempts force row level security;
create policy owner_all on sync.push_attempts to registry_owner using (true) with check (true);

alter table sync.files enable row level security;
alter table sync.files force row level security;
create policy owner_all on sync.files to registry_owner using (true) with check (true);

alter table sync.breakers enable row level security;
alter table sync.breakers force row level security;
create policy owner_all on sync.breakers to registry_owner using (true) with check (true);

alter table sync.rates enable row level security;
alter table sync.rates force row level security;
create policy owner_all on sync.rates to registry_owner using (true) with check (true);

alter table sync.workers enable row level security;
alter table sync.workers force row level security;
create policy owner_all on sync.workers to registry_owner using (true) with check (true);

-- Coordinators see their own organisations: the restrictive policy is what separates them, and cannot be opened by
-- another permissive one. Columns are granted one by one; no form of the number but the masked one is among them.

create policy own_organization on registry.organizations as restrictive to authenticated
  using (id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.organizations for select to authenticated using (true);
grant select (id, slug, name, second_approval)
  on registry.organizations to authenticated;

create policy auditor_select on registry.organizations for select to auditor using (true);
grant select (id, slug, name)
  on registry.organizations to auditor;

create policy own_organization on registry.coordinators as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.coordinators for select to authenticated using (true);
grant select (user_id, organization_id, name, email, language)
  on registry.coordinators to authenticated;

create policy own_organization on registry.members as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.members for select to authenticated using (true);
grant select (id, organization_id, external_id, given_name, family_name, birth_date, email, phone, personnummer_masked, personnummer_source, personnummer_at, merged_into, erasure_id, erased_at, version, created_at, updated_at)
  on registry.members to authenticated;

create policy own_organization on registry.observations as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.observations for select to authenticated using (true);
grant select (id, organization_id, provider, source, authenticated_at, received_at, outcome, issuer, subject, absent_reason, inconsistency, settled_at, member_id, explanation, personnummer_masked, given_name, family_name, birth_date, phone, phone_verified, email, email_verified, erased_at)
  on registry.observations to authenticated;

create policy own_organization on registry.identity_links as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.identity_links for select to authenticated using (true);
grant select (organization_id, issuer, subject, member_id)
  on registry.identity_links to authenticated;

create policy own_organization on registry.conflicts as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.conflicts for select to authenticated using (true);
grant select (id, organization_id, kind, kind_name, class, state, member_id, other_member_id, candidates, observation_id, push_id, seen, last_seen_at, detail, version, opened_at, closed_at, decision, decided_by, note, superseded_by, proposal, assigned_to, assigned_until, postponed_until, erased_at)
  on registry.conflicts to authenticated;

create policy own_organization on registry.conflict_comments as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.conflict_comments for select to authenticated using (true);
grant select (id, organization_id, conflict_id, written_at, user_id, text)
  on registry.conflict_comments to authenticated;

create policy own_organization on registry.resolutions as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.resolutions for select to authenticated using (true);
grant select (organization_id, conflict_id, decision, decided_at, undone_at)
  on registry.resolutions to authenticated;

create policy own_organization on registry.figures as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.figures for select to authenticated using (true);
grant select (organization_id, members, with_number, confirmed_last_12_months, unlinked_logins, pending_pushes, failed_pushes, counted_at)
  on registry.figures to authenticated;

create policy own_organization on registry.monthly_figures as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on registry.monthly_figures for select to authenticated using (true);
grant select (organization_id, month, members_with_number, filled, confirmed, conflict, duplicate, absent, unlinked, ambiguous, name_mismatch,
    cases_opened, cases_settled, deliveries_done, deliveries_failed, counted_at)
  on registry.monthly_figures to authenticated;

create policy own_organization on sync.pushes as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on sync.pushes for select to authenticated using (true);
grant select (id, organization_id, member_id, observation_id, state, attempts, next_attempt_at, accepted_until, error_code, http_status, created_at, settled_at, waits_for_conflict_id, removal)
  on sync.pushes to authenticated;

create policy own_organization on sync.member_systems as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on sync.member_systems for select to authenticated using (true);
grant select (organization_id, kind, receiver_key)
  on sync.member_systems to authenticated;

create policy own_organization on sync.breakers as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on sync.breakers for select to authenticated using (true);
grant select (organization_id, state, error_code, http_status, opened_at, probe_at, changed_at)
  on sync.breakers to authenticated;

create policy own_organization on sync.files as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on sync.files for select to authenticated using (true);
grant select (id, organization_id, state, pushes, created_at, ready_at, accept_until, acknowledged_at)
  on sync.files to authenticated;

set local role audit_owner;

alter table audit.events enable row level security;
alter table audit.events force row level security;
create policy writer_insert on audit.events for insert to registry_owner with check (true);
create policy writer_select on audit.events for select to registry_owner using (true);
create policy auditor_select on audit.events for select to auditor using (true);
-- For audit.redact_events, which runs in this owner's name.
create policy owner_select on audit.events for select to audit_owner using (true);
create policy owner_redact on audit.events for update to audit_owner using (redacted_at is null) with check (redacted_at is not null);
create policy owner_insert on audit.events for insert to audit_owner with check (event = 'events_redacted');

create policy own_organization on audit.events as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on audit.events for select to authenticated using (true);
grant select (id, organization_id, occurred_at, event, source, message, member_id, observation_id, conflict_id, push_id)
  on audit.events to authenticated;

create policy own_organization on audit.erasures as restrictive to authenticated
  using (organization_id = any ((select private.coordinator_organizations())::uuid[]));
create policy coordinator_select on audit.erasures for select to authenticated using (true);
grant select (id, organization_id, member_id, state, reason, requested_by, approved_by, announced_at, erased_at, counts, removal, removed_at,
    receipt_digest, receipt_given_at)
  on audit.erasures to authenticated;

alter table audit.leaves enable row level security;
alter table audit.leaves force row level security;
create policy writer_insert on audit.leaves for insert to registry_owner with check (true);
create policy writer_select on audit.leaves for select to registry_owner using (true);
create policy auditor_select on audit.leaves for select to auditor using (true);

alter table audit.salts enable row level security;
alter table audit.salts force row level security;
create policy writer_insert on audit.salts for insert to registry_owner with check (true);
create policy writer_select on audit.salts for select to registry_owner using (true);
create policy auditor_select on audit.salts for select to auditor using (true);
create policy owner_select on audit.salts for select to audit_owner using (true);
create policy owner_delete on audit.salts for delete to audit_owner using (true);

alter table audit.nodes enable row level security;
alter table audit.nodes force row level security;
create policy writer_insert on audit.nodes for insert to registry_owner with check (true);
create policy writer_select on audit.nodes for select to registry_owner using (true);
create policy auditor_select on audit.nodes for select to auditor using (true);

alter table audit.checkpoints enable row level security;
alter table audit.checkpoints force row level security;
create policy writer_insert on audit.checkpoints for insert to registry_owner with check (true);
create policy writer_select on audit.checkpoints for select to registry_owner using (true);
create policy auditor_select on audit.checkpoints for select to auditor using (true);

alter table audit.sealing_keys enable row level security;
alter table audit.sealing_keys force row level security;
create policy writer_insert on audit.sealing_keys for insert to registry_owner with check (true);
create policy writer_select on audit.sealing_keys for select to registry_owner using (true);
create policy auditor_select on audit.sealing_keys for select to auditor using (true);

-- The only table of these that the audit's owner writes by itself (audit.begin_epoch).
alter table audit.epochs enable row level security;
alter table audit.epochs force row level security;
create policy owner_insert on audit.epochs for insert to audit_owner with check (true);
create policy owner_select on audit.epochs for select to audit_owner using (true);
create policy writer_select on audit.epochs for select to registry_owner using (true);
create policy auditor_select on audit.epochs for select to auditor using (true);

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
