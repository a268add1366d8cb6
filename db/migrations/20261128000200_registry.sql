-- migrate:up
set local role registry_owner;

create type registry.provider as enum ('vipps', 'bankid', 'idporten', 'staff');
comment on type registry.provider is 'Identity providers: three that hand over a verified personnummer of members, and that of an organisation''s own staff, its coordinators.';

create type registry.source as enum ('vipps-login', 'bankid-login', 'idporten-login', 'import', 'coordinator');
comment on type registry.source is 'Where a value or an event came from.';

create type registry.client_authentication as enum ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none');
comment on type registry.client_authentication is 'How we authenticate at the provider''s token endpoint (OpenID Connect Core, section 9).';

create type registry.personnummer_place as enum ('id_token', 'userinfo', 'introspection', 'tokeninfo');
comment on type registry.personnummer_place is 'The answer of the provider in which the personnummer is found.';

create type registry.consent_mode as enum ('none', 'own', 'provider');
comment on type registry.consent_mode is 'Who asks for consent before a number is stored: nobody (another legal basis), we, or the provider.';

create type registry.outcome as enum ('filled', 'confirmed', 'conflict', 'duplicate', 'absent', 'unlinked', 'ambiguous', 'name_mismatch', 'deferred', 'proposed');
comment on type registry.outcome is 'What became of one verified login. docs/outcomes.md explains each.';

create type registry.absent_reason as enum ('not_given', 'malformed', 'not_accepted', 'capture_off', 'not_consented', 'inconsistent');
comment on type registry.absent_reason is 'Why a completed login brought no acceptable personnummer. None of these is a failure.';

create type registry.inconsistency as enum ('numbers_differ', 'subject_differs');
comment on type registry.inconsistency is 'How one provider contradicted itself within one login.';

create type registry.conflict_kind as enum ('mismatch', 'duplicate', 'ambiguous', 'name_mismatch', 'inconsistent', 'subject_moved', 'consent_revoked', 'push_failed', 'member_system', 'drift', 'receiver_key', 'erasure', 'grant_snapshot');
comment on type registry.conflict_kind is 'What a coordinator is asked to judge.';

create type registry.conflict_state as enum ('open', 'proposed', 'resolved', 'superseded');
comment on type registry.conflict_state is 'Life of a case. Open and proposed ones wait for coordinators: they are not closed (closed_at is null).';

create type registry.consent_state as enum ('given', 'refused', 'withdrawn');
comment on type registry.consent_state is 'Where a member stands on the storing of the number.';

create type registry.decision as enum ('accept_observed', 'keep_existing', 'not_same_person', 'merge_into', 'link_login', 'retry_sync', 'accept_receiver_key', 'erase_member', 'freeze_snapshot');
comment on type registry.decision is 'How a coordinator settled a case. docs/for-coordinators.md says what each does.';

create type registry.session_end as enum ('code_replayed', 'refresh_token_reused', 'link_removed', 'expired', 'signed_out');
comment on type registry.session_end is 'Why a session of the app ended.';

create type registry.audience as enum ('members', 'coordinators');
comment on type registry.audience is 'For whom an app is, and whose session it is. No token of the one is good for what the other may do.';

create type registry.language as enum ('nb', 'nn', 'en');
comment on type registry.language is 'Languages of the coordinators'' pages: bokmål, nynorsk, English.';

create type registry.coordinator_state as enum ('by_user_id', 'invited', 'bound');
comment on type registry.coordinator_state is 'How a coordinator signs in: by the Supabase user id alone, by an invitation that waits for its first sign-in, or by a login of the staff provider.';

-- What the callback sends codes to (auth-callback/login/login-request.ts): https, plain http on the same machine only, or a scheme that an app has for
-- itself, which has a dot in it. A scheme of one word (javascript, data, file) is nobody's.
create domain registry.return_addresses as text[]
  constraint return_addresses_are_safe check (
    array_position(value, null) is null
    and cardinality(string_to_array(array_to_string(value, E'\n'), E'\n')) = cardinality(value)
    and (cardinality(value) = 0 or array_to_string(value, E'\n') || E'\n' ~*
      '^((https://[^[:space:]#]+|http://(localhost|127[.]0[.]0[.]1|\[::1\])(:[0-9]+)?([/?][^[:space:]#]*)?|[a-z][a-z0-9+-]*([.][a-z0-9+-]+)+:[^[:space:]#]+)\n)*$'));
comment on domain registry.return_addresses is 'Exact addresses that a login may return to.';

create table registry.organizations (
  id                 uuid primary key default gen_random_uuid(),
  slug               text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
  name               text not null check (length(name) between 1 and 200),
  return_to          registry.return_addresses not null default '{}',
  capture_basis      text check (length(capture_basis) between 1 and 2000),
  capture_necessity  text check (length(capture_necessity) between 1 and 4000),
  capture_decided_by text check (length(capture_decided_by) between 1 and 200),
  capture_decided_at timestamptz,
  retention          interval check (retention > interval '0'),
  contact_retention  interval not null default '90 days' check (contact_retention > interval '0'),
  audit_retention    interval check (audit_retention >= interval '31 days'),
  audit_redacted_until timestamptz,
  ask_again_after    interval not null default '180 days' check (ask_again_after > interval '0'),
  second_approval    registry.decision[] not null default '{accept_receiver_key}'
    check (second_approval <@ '{accept_observed,keep_existing,not_same_person,merge_into,link_login,accept_receiver_key,erase_member}')
    check (array_position(second_approval, null) is null),
  capture            boolean not null generated always as (
    capture_basis is not null and capture_necessity is not null and capture_decided_by is not null and capture_decided_at is not null
    and retention is not null
  ) stored,
  erasure_salt       bytea not null default sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) check (length(erasure_salt) = 32),
  created_at         timestamptz not null default now()
);
comment on table registry.organizations is 'The organisations whose members log in.';
comment on column registry.organizations.id is 'Identifies the organisation; also what its blind-index key is derived for.';
comment on column registry.organizations.slug is 'Short name in URLs and commands, such as nhf.';
comment on column registry.organizations.name is 'Name for people.';
comment on column registry.organizations.return_to is 'Where a login may return to: exact URLs (custom schemes or claimed https links for native apps).';
comment on column registry.organizations.capture_basis is 'The legal basis for storing the personnummer, in words.';
comment on column registry.organizations.capture_necessity is 'Why name, address and birth date do not suffice (personopplysningsloven § 12: the number must be necessary for secure identification), in words.';
comment on column registry.organizations.capture_decided_by is 'Who decided it.';
comment on column registry.organizations.capture_decided_at is 'When it was decided.';
comment on column registry.organizations.retention is 'How long observed numbers are kept; then worker.erase_expired takes them out of the observations.';
comment on column registry.organizations.contact_retention is 'How long names, birth dates, phone numbers and e-mail addresses of logins are kept.';
comment on column registry.organizations.audit_retention is 'How long the sentences and details of audit events are kept; then worker.erase_expired redacts them. Null: for good.';
comment on column registry.organizations.audit_redacted_until is 'Until when that is done: the retention task goes on from here.';
comment on column registry.organizations.ask_again_after is 'How long a member who refused consent is left in peace.';
comment on column registry.organizations.second_approval is 'Decisions that one coordinator only proposes, and another approves.';
comment on column registry.organizations.capture is 'Whether numbers are captured at all: only when basis, necessity, decider, time and retention are recorded.';
comment on column registry.organizations.erasure_salt is 'Random value that digests of erased member numbers are made with: whoever reads a digest outside this database cannot try out whose it is.';
comment on column registry.organizations.created_at is 'When the row was made.';

create table registry.identity_providers (
  id                            uuid primary key default gen_random_uuid(),
  organization_id               uuid not null references registry.organizations,
  provider                      registry.provider not null,
  issuer                        text not null check (issuer ~ '^https?://'),
  client_id                     text not null check (length(client_id) between 1 and 500),
  client_secret_env             text check (client_secret_env ~ '^OIDC_[A-Z0-9_]+$'),
  token_endpoint_auth_method    registry.client_authentication not null default 'client_secret_basic',
  scopes                        text[] not null default '{openid}' check ('openid' = any (scopes) or personnummer_from = 'introspection')
    check (array_position(scopes, null) is null),
  authorization_params          jsonb not null default '{}' check (jsonb_typeof(authorization_params) = 'object'),
  id_token_signed_response_alg  text not null default 'RS256'
    check (id_token_signed_response_alg in ('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519')),
  personnummer_from             registry.personnummer_place not null default 'userinfo',
  personnummer_claim            text not null default 'nin' check (length(personnummer_claim) between 1 and 100),
  consent_mode                  registry.consent_mode not null default 'none',
  consent_scope                 text,
  personnummer_scope            text,
  ask_number_when_missing       boolean not null default false,
  lookup_client_id              text,
  lookup_client_secret_env      text check (lookup_client_secret_env ~ '^OIDC_[A-Z0-9_]+$'),
  lookup_auth_method            registry.client_authentication,
  tokeninfo_endpoint            text check (tokeninfo_endpoint ~ '^https?://'),
  minimum_acr                   text,
  required_amr                  text[] not null default '{}' check (array_position(required_amr, null) is null),
  enabled                       boolean not null default true,
  created_at                    timestamptz not null default now(),
  unique (organization_id, provider),
  check (client_secret_env is not null or token_endpoint_auth_method = 'none'),
  check (personnummer_scope is not null or not ask_number_when_missing),
  check ((lookup_client_id is null) = (lookup_auth_method is null)),
  constraint identity_providers_staff_brings_no_number check (provider <> 'staff' or (
    consent_mode = 'none' and consent_scope is null and personnummer_scope is null and lookup_client_id is null
    and personnummer_from in ('id_token', 'userinfo')))
);
comment on table registry.identity_providers is 'One row per organisation and provider: how a login there is asked for, and where the number is found.';
comment on column registry.identity_providers.id is 'Identifies the row.';
comment on column registry.identity_providers.organization_id is 'Whose agreement with the provider this is.';
comment on column registry.identity_providers.provider is 'Which provider.';
comment on column registry.identity_providers.issuer is 'Issuer, compared as an exact string. Vipps'' ends with a slash.';
comment on column registry.identity_providers.client_id is 'Our client there.';
comment on column registry.identity_providers.client_secret_env is 'Name of the environment variable that holds the client secret or private key. Never the secret.';
comment on column registry.identity_providers.token_endpoint_auth_method is 'How we authenticate at the token endpoint.';
comment on column registry.identity_providers.scopes is 'Scopes asked for.';
comment on column registry.identity_providers.authorization_params is 'Further parameters of the authorization request (acr_values, market ...), as strings.';
comment on column registry.identity_providers.id_token_signed_response_alg is 'The only accepted signature algorithm of the ID token.';
comment on column registry.identity_providers.personnummer_from is 'Which answer holds the number.';
comment on column registry.identity_providers.personnummer_claim is 'Name of its claim: nin (Vipps), nnin_altsub or nnin (BankID), pid (ID-porten).';
comment on column registry.identity_providers.consent_mode is 'Who asks the member for consent.';
comment on column registry.identity_providers.consent_scope is 'Scope of the consent leg where the provider asks.';
comment on column registry.identity_providers.personnummer_scope is 'The scope that asks for the number, such as nin.';
comment on column registry.identity_providers.ask_number_when_missing is 'Whether that scope is left out for returning members whose number is confirmed.';
comment on column registry.identity_providers.lookup_client_id is 'Client of its own for introspection or tokeninfo; null: the same client.';
comment on column registry.identity_providers.lookup_client_secret_env is 'Name of the environment variable with that client''s secret or key.';
comment on column registry.identity_providers.lookup_auth_method is 'How that client authenticates.';
comment on column registry.identity_providers.tokeninfo_endpoint is 'Address of tokeninfo; null: from the provider''s metadata.';
comment on column registry.identity_providers.minimum_acr is 'Lowest accepted level of assurance; null: any.';
comment on column registry.identity_providers.required_amr is 'One of these methods must be among those the token says were used (amr, RFC 8176), such as mfa; empty: any.';
comment on column registry.identity_providers.enabled is 'Whether it is offered.';
comment on column registry.identity_providers.created_at is 'When the row was made.';

-- A large table is vacuumed and analysed in small steps: PostgreSQL's default waits until a fifth of it has changed.
create table registry.members (
  id                   uuid primary key default gen_random_uuid(),
  organization_id      uuid not null references registry.organizations,
  external_id          text check (length(external_id) between 1 and 200),
  user_id              uuid not null unique default gen_random_uuid(),
  given_name           text,
  family_name          text,
  birth_date           date,
  email                text check (length(email) between 3 and 320),
  phone                text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  personnummer_index   text check (personnummer_index !~ '^[0-9]{11}$'),
  personnummer_sealed  text check (personnummer_sealed !~ '^[0-9]{11}$'),
  personnummer_masked  text check (personnummer_masked ~ '^[0-9]{6}\*{5}$'),
  personnummer_source  registry.source,
  personnummer_at      timestamptz,
  merged_into          uuid,
  erasure_id           uuid,
  erased_at            timestamptz,
  version              integer not null default 1 check (version > 0),
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now(),
  unique (organization_id, id),
  unique (external_id, organization_id),
  check (num_nonnulls(personnummer_index, personnummer_sealed, personnummer_masked) in (0, 3)),
  check (personnummer_index is not null or num_nonnulls(personnummer_source, personnummer_at) = 0),
  check (merged_into <> id),
  check (merged_into is null or personnummer_index is null),
  constraint members_living_has_external_id check (external_id is not null or erased_at is not null),
  constraint members_erased_holds_nothing check (erased_at is null or (erasure_id is not null
    and num_nonnulls(given_name, family_name, birth_date, email, phone, personnummer_index) = 0)),
  foreign key (organization_id, merged_into) references registry.members (organization_id, id)
) with (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create index members_merged on registry.members (organization_id, merged_into) where merged_into is not null;
create index members_erasure on registry.members (erasure_id) where erasure_id is not null;
create unique index members_personnummer on registry.members (organization_id, personnummer_index) where personnummer_index is not null;
create index members_phone on registry.members (organization_id, phone) where phone is not null;
create table registry.member_search (
  organization_id  uuid not null,
  member_id        uuid not null,
  names            tsvector not null,
  birth_date       date,
  primary key (organization_id, member_id),
  foreign key (organization_id, member_id) references registry.members (organization_id, id) on delete cascade
) with (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create index member_search_names on registry.member_search using gin (names);
create index member_search_birth_date on registry.member_search (organization_id, birth_date) where birth_date is not null;
comment on table registry.member_search is 'What coordinators find members by, apart from the record, so that a new number on it touches no index of search. Triggers keep it.';
comment on column registry.member_search.member_id is 'The member.';
comment on column registry.member_search.organization_id is 'Whose member.';
comment on column registry.member_search.names is 'Words of the names (private.search_words).';
comment on column registry.member_search.birth_date is 'Birth date of the record.';
comment on table registry.members is 'Member records, as exported from the organisations'' member systems.';
comment on column registry.members.id is 'Identifies the member here.';
comment on column registry.members.organization_id is 'Whose member. One person in two organisations is two members.';
comment on column registry.members.external_id is 'The member''s id in the organisation''s member system. Null: erased, and the member system has removed the number.';
comment on column registry.members.user_id is 'Subject of the access tokens the app gets (Supabase user id).';
comment on column registry.members.given_name is 'Given name or names.';
comment on column registry.members.family_name is 'Family name.';
comment on column registry.members.birth_date is 'Birth date as the member system has it.';
comment on column registry.members.email is 'E-mail address; compared by private.email_key.';
comment on column registry.members.phone is 'Phone number in E.164 form, with plus.';
comment on column registry.members.personnummer_index is 'Keyed index (HMAC) of the number, per organisation, with key version; equal indexes are equal numbers.';
comment on column registry.members.personnummer_sealed is 'The number encrypted to the worker''s public key (compact JWE).';
comment on column registry.members.personnummer_masked is 'Six birth-date digits and five stars, for people.';
comment on column registry.members.personnummer_source is 'Where the number came from; null where unknown.';
comment on column registry.members.personnummer_at is 'When the number was written.';
comment on column registry.members.merged_into is 'The surviving record, where a coordinator found that two records are one person.';
comment on column registry.members.erasure_id is 'The erasure of the person (audit.erasures), from its announcement on. Nobody decides about the record any more.';
comment on column registry.members.erased_at is 'When the person was erased. The row stays so that logins, cases and pushes can be counted, with nothing personal in it.';
comment on column registry.members.version is 'Rises by one with every change of the row.';
comment on column registry.members.created_at is 'When the row was made.';
comment on column registry.members.updated_at is 'When the row was last changed.';

create table registry.identity_links (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null,
  issuer           text not null,
  subject          text not null check (subject <> ''),
  member_id        uuid not null,
  provider         registry.provider not null,
  match_rule       text not null check (match_rule in ('number', 'phone_and_email', 'phone_and_birth_date', 'email_and_birth_date', 'explicit', 'coordinator')),
  explanation      jsonb not null default '{}',
  revoked_at       timestamptz,
  created_at       timestamptz not null default now(),
  unique (organization_id, issuer, subject),
  foreign key (organization_id, member_id) references registry.members (organization_id, id)
);
create index identity_links_member on registry.identity_links (organization_id, member_id);
comment on table registry.identity_links is 'Which login belongs to which member. The key is issuer and subject together, within an organisation.';
comment on column registry.identity_links.id is 'Identifies the link.';
comment on column registry.identity_links.organization_id is 'The member''s organisation.';
comment on column registry.identity_links.issuer is 'Issuer of the ID token.';
comment on column registry.identity_links.subject is 'Subject of the ID token: stable, meaningless, per issuer.';
comment on column registry.identity_links.member_id is 'The member.';
comment on column registry.identity_links.provider is 'The provider that the issuer is.';
comment on column registry.identity_links.match_rule is 'The match rule that found the member (docs/outcomes.md).';
comment on column registry.identity_links.explanation is 'Which identifiers agreed and which disagreed when the link was made.';
comment on column registry.identity_links.revoked_at is 'When the message came that consent was withdrawn at the provider (unverified); null after a newer login.';
comment on column registry.identity_links.created_at is 'When the link was made.';

create table registry.excluded_links (
  organization_id  uuid not null,
  issuer           text not null,
  subject          text not null,
  member_id        uuid not null,
  created_at       timestamptz not null default now(),
  primary key (organization_id, issuer, subject, member_id),
  foreign key (organization_id, member_id) references registry.members (organization_id, id)
);
create index excluded_links_member on registry.excluded_links (organization_id, member_id);
comment on table registry.excluded_links is 'Logins that a coordinator found not to be a certain member. They outrank the match rules for good.';
comment on column registry.excluded_links.organization_id is 'The member''s organisation.';
comment on column registry.excluded_links.issuer is 'Issuer of the login.';
comment on column registry.excluded_links.subject is 'Subject of the login.';
comment on column registry.excluded_links.member_id is 'The member that it is not.';
comment on column registry.excluded_links.created_at is 'When it was decided.';

-- A large table is vacuumed and analysed in small steps: PostgreSQL's default waits until a fifth of it has changed.
create table registry.observations (
  id                   uuid primary key,
  organization_id      uuid not null references registry.organizations,
  provider             registry.provider not null,
  source               registry.source not null,
  issuer               text not null,
  subject              text check (subject <> ''),
  acr                  text,
  authenticated_at     timestamptz not null,
  issued_at            timestamptz,
  received_at          timestamptz not null default clock_timestamp(),
  outcome              registry.outcome not null,
  absent_reason        registry.absent_reason,
  inconsistency        registry.inconsistency,
  deferred_sqlstate    text check (deferred_sqlstate ~ '^[0-9A-Z]{5}$'),
  settled_at           timestamptz,
  member_id            uuid,
  requested_member_id  uuid,
  told                 boolean,
  explanation          jsonb not null default '{}',
  personnummer_index   text check (personnummer_index !~ '^[0-9]{11}$'),
  personnummer_index_previous text[] not null default '{}',
  personnummer_sealed  text check (personnummer_sealed !~ '^[0-9]{11}$'),
  personnummer_masked  text check (personnummer_masked ~ '^[0-9]{6}\*{5}$'),
  given_name           text,
  family_name          text,
  birth_date           date,
  phone                text,
  phone_verified       boolean not null default false,
  email                text,
  email_verified       boolean not null default false,
  contact_erased_at    timestamptz,
  number_erased_at     timestamptz,
  erased_at            timestamptz,
  traceparent          text check (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'),
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  foreign key (organization_id, requested_member_id) references registry.members (organization_id, id),
  constraint observations_number_or_reason check (
    num_nonnulls(personnummer_index, personnummer_sealed, personnummer_masked) 
      = case when absent_reason is null and number_erased_at is null then 3 else 0 end
  ),
  constraint observations_outcome_has_evidence check (case outcome
    when 'deferred' then deferred_sqlstate is not null and settled_at is null and member_id is null and requested_member_id is null
    when 'proposed' then settled_at is null and member_id is null and requested_member_id is null
    when 'absent'   then settled_at is not null and member_id is not null and absent_reason is not null
    when 'unlinked' then settled_at is not null and member_id is null
    when 'ambiguous' then settled_at is not null and member_id is null
    when 'name_mismatch' then settled_at is not null and member_id is null
    else settled_at is not null and member_id is not null and absent_reason is null
  end),
  constraint observations_trace_goes_with_contact check (traceparent is null or contact_erased_at is null),
  constraint observations_erased_has_no_subject check ((subject is null) = (erased_at is not null)),
  constraint observations_refusal_says_what_was_told check ((outcome in ('ambiguous', 'name_mismatch')) = (told is not null))
) with (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create index observations_member on registry.observations (organization_id, member_id) where member_id is not null;
create index observations_requested_member on registry.observations (organization_id, requested_member_id) where requested_member_id is not null;
create index observations_deferred on registry.observations (received_at) where outcome = 'deferred';
-- The retention task asks organisation by organisation, because each has its own time.
create index observations_with_contact on registry.observations (organization_id, received_at) where contact_erased_at is null;
create index observations_with_number on registry.observations (organization_id, received_at) where personnummer_index is not null;
-- For erasing: logins with the number of a person, that are nobody's.
create index observations_unlinked_number on registry.observations (organization_id, personnummer_index)
  where member_id is null and personnummer_index is not null;
create index observations_unlinked on registry.observations (organization_id, received_at) where member_id is null;
-- For the list of them in its order; organisation and outcome are looked at in the index.
create index observations_unlinked_by_age on registry.observations (received_at, id, organization_id, outcome)
  where outcome in ('unlinked', 'ambiguous', 'name_mismatch');
create index observations_received on registry.observations using brin (received_at);
create index observations_unlinked_subject on registry.observations (organization_id, issuer, subject) where member_id is null;
comment on table registry.observations is 'One row per completed login: what was verified, and what became of it.';
comment on column registry.observations.id is 'Chosen by the callback, so that a repeated call changes nothing.';
comment on column registry.observations.organization_id is 'The organisation whose app the login was for.';
comment on column registry.observations.provider is 'The provider that verified the person.';
comment on column registry.observations.source is 'Source named in the audit: vipps-login, bankid-login or idporten-login.';
comment on column registry.observations.issuer is 'Issuer of the ID token.';
comment on column registry.observations.subject is 'Subject of the ID token; null: the person was erased.';
comment on column registry.observations.acr is 'Level of assurance that the token states.';
comment on column registry.observations.authenticated_at is 'When the person authenticated (auth_time); with single sign-on long before this login.';
comment on column registry.observations.issued_at is 'When the provider issued the ID token of this login, by its own clock; null where there was none.';
comment on column registry.observations.received_at is 'When the row arrived here.';
comment on column registry.observations.outcome is 'What became of it.';
comment on column registry.observations.absent_reason is 'Why it carries no number; null when it does.';
comment on column registry.observations.inconsistency is 'How the provider contradicted itself, where it did.';
comment on column registry.observations.deferred_sqlstate is 'SQLSTATE of the last fault inside matching; kept after a later success.';
comment on column registry.observations.settled_at is 'When the outcome was decided; null while deferred.';
comment on column registry.observations.member_id is 'The member it was found to belong to.';
comment on column registry.observations.requested_member_id is 'The logged-in member who asked for this login to be linked (intent=link), and redeemed it.';
comment on column registry.observations.told is 'Of a refused login: whether the app was told that a member is concerned, or that no member was found.';
comment on column registry.observations.explanation is 'The match rule, what agreed, what disagreed.';
comment on column registry.observations.personnummer_index is 'Keyed index of the observed number, current key version.';
comment on column registry.observations.personnummer_index_previous is 'The same number under older key versions, while a key is being rotated.';
comment on column registry.observations.personnummer_sealed is 'The observed number, sealed.';
comment on column registry.observations.personnummer_masked is 'The observed number, masked.';
comment on column registry.observations.given_name is 'Given name as the provider has it.';
comment on column registry.observations.family_name is 'Family name as the provider has it.';
comment on column registry.observations.birth_date is 'Birth date as the provider has it.';
comment on column registry.observations.phone is 'Phone number, E.164.';
comment on column registry.observations.phone_verified is 'Whether the provider has verified the phone number.';
comment on column registry.observations.email is 'E-mail address.';
comment on column registry.observations.email_verified is 'Whether the provider has verified the e-mail address.';
comment on column registry.observations.contact_erased_at is 'When name, birth date, phone number and e-mail address were erased, because their time was over, or with the person.';
comment on column registry.observations.number_erased_at is 'When every form of the number was erased, because its time was over, or with the person.';
comment on column registry.observations.erased_at is 'When the person was erased: what is left is that somebody logged in, and the outcome.';
comment on column registry.observations.traceparent is 'The step of a trace (W3C Trace Context) that handed the login over, where programs trace; its random ids are in the programs'' logs and traces.';

create type registry.proposal as (
  decision   registry.decision,
  by         text,
  at         timestamptz,
  note       text,
  version    integer,
  evidence   text,
  member_id  uuid
);
comment on type registry.proposal is 'What one coordinator proposes and another is to approve.';
comment on column registry.proposal.decision is 'The decision.';
comment on column registry.proposal.by is 'Who proposed it.';
comment on column registry.proposal.at is 'When.';
comment on column registry.proposal.note is 'The note, as of a decision.';
comment on column registry.proposal.version is 'Version of the case with the proposal. A higher one: it has changed since.';
comment on column registry.proposal.evidence is 'Digest of the records and the login as they were (private.digest_evidence), until it is approved.';
comment on column registry.proposal.member_id is 'For link_login: the member whom the login is to belong to.';

create table registry.conflicts (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null references registry.organizations,
  kind             registry.conflict_kind not null,
  kind_name        text not null generated always as (
    case kind
      when 'mismatch' then 'mismatch'
      when 'duplicate' then 'duplicate'
      when 'ambiguous' then 'ambiguous'
      when 'name_mismatch' then 'name_mismatch'
      when 'inconsistent' then 'inconsistent'
      when 'subject_moved' then 'subject_moved'
      when 'consent_revoked' then 'consent_revoked'
      when 'push_failed' then 'push_failed'
      when 'member_system' then 'member_system'
      when 'drift' then 'drift'
      when 'receiver_key' then 'receiver_key'
      when 'erasure' then 'erasure'
      when 'grant_snapshot' then 'grant_snapshot'
    end
  ) stored,
  class            text not null default '',
  state            registry.conflict_state not null default 'open',
  member_id        uuid,
  other_member_id  uuid,
  candidates       uuid[] not null default '{}',
  observation_id   uuid references registry.observations deferrable initially deferred,
  push_id          uuid,
  fingerprint      text not null check (fingerprint !~ '(^|[^A-Za-z0-9])v[0-9]+[.][A-Za-z0-9_-]{43}($|[^A-Za-z0-9_-])'),
  personnummer_index           text check (personnummer_index !~ '^[0-9]{11}$'),
  personnummer_index_previous  text[] not null default '{}',
  number_seen_at   timestamptz,
  seen             integer not null default 1 check (seen > 0),
  last_seen_at     timestamptz not null default now(),
  detail           jsonb not null default '{}',
  version          integer not null default 1 check (version > 0),
  opened_at        timestamptz not null default now(),
  closed_at        timestamptz,
  decision         registry.decision,
  decided_by       text,
  note             text check (length(note) <= 4000),
  superseded_by    text,
  proposal         registry.proposal,
  assigned_to      uuid,
  assigned_until   timestamptz,
  postponed_until  date,
  erased_at        timestamptz,
  unique (organization_id, id),
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  foreign key (organization_id, other_member_id) references registry.members (organization_id, id),
  constraint conflicts_kind_has_evidence check (case kind
    when 'mismatch'      then member_id is not null and (observation_id is not null or detail ? 'import_run_id')
    when 'duplicate'     then member_id is not null and (observation_id is not null or detail ? 'import_run_id')
      and other_member_id is not null and other_member_id <> member_id
    when 'ambiguous'     then observation_id is not null and cardinality(candidates) > 0
    when 'name_mismatch' then observation_id is not null and cardinality(candidates) = 1
    when 'inconsistent'  then observation_id is not null
    when 'consent_revoked' then member_id is not null
    when 'subject_moved' then member_id is not null and observation_id is not null and other_member_id is not null and other_member_id <> member_id
    when 'push_failed'   then member_id is not null and push_id is not null
    when 'member_system' then member_id is null
    when 'drift'         then member_id is not null
    when 'receiver_key'  then member_id is null and detail ?& '{public_jwk,fingerprint}'
    when 'erasure'       then member_id is not null
    when 'grant_snapshot' then member_id is null and detail ?& '{snapshot_id,base_year,digest}'
  end),
  constraint conflicts_state_has_evidence check (case state
    when 'open'       then closed_at is null and decision is null and decided_by is null and superseded_by is null and (proposal).by is null
    when 'proposed'   then closed_at is null and decision is null and decided_by is null and superseded_by is null
      and (proposal).by is not null and (proposal).evidence is not null
    when 'resolved'   then closed_at is not null and decision is not null and decided_by is not null and superseded_by is null
      and ((proposal).by is null or (proposal).decision = decision)
    when 'superseded' then closed_at is not null and decision is null and decided_by is null and superseded_by is not null
      and (proposal).by is null
  end),
  constraint conflicts_proposal_is_whole check (
    num_nonnulls((proposal).decision, (proposal).by, (proposal).at, (proposal).version) = case when (proposal).by is null then 0 else 4 end
    and ((proposal).member_id is not null) = ((proposal).decision is not distinct from 'link_login')
    and length((proposal).note) <= 4000),
  constraint conflicts_two_people check ((proposal).by <> decided_by),
  constraint conflicts_assignment_has_end check (assigned_to is null or assigned_until is not null),
  constraint conflicts_erased_holds_nothing check (erased_at is null or (closed_at is not null
    and num_nonnulls(personnummer_index, note, (proposal).note) = 0 and personnummer_index_previous = '{}')),
  constraint conflicts_closed_waits_for_nobody check (closed_at is null or num_nonnulls(assigned_to, postponed_until) = 0)
) with (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02
);
create unique index conflicts_open_once on registry.conflicts (organization_id, fingerprint) where closed_at is null;
create unique index conflicts_open_number_once on registry.conflicts (organization_id, member_id, kind, personnummer_index)
  where closed_at is null and kind in ('mismatch', 'drift') and personnummer_index is not null;
-- What waits is counted from the index alone, kind by kind; those that are postponed, proposed or taken have indexes of their own.
create index conflicts_waiting on registry.conflicts (organization_id, kind_name, opened_at)
  include (state, postponed_until) where closed_at is null;
-- For lists in their order: row security compares with a list of organisations, through which no index keeps its order.
-- What else such a list is filtered by is looked at in the index, so that the rows of others, and of other kinds, are not.
-- Cases that may be settled together, of the class of one of them.
create index conflicts_alike on registry.conflicts (organization_id, kind_name, class, opened_at, id) where closed_at is null;
create index conflicts_open_by_age on registry.conflicts (opened_at, id, organization_id, kind_name) where closed_at is null;
create index conflicts_settled on registry.conflicts (closed_at desc, id desc, organization_id, kind_name, decision) where state = 'resolved';
create index conflicts_remembered on registry.conflicts (organization_id, fingerprint) where state = 'resolved';
create index conflicts_proposed on registry.conflicts (organization_id) where state = 'proposed';
create index conflicts_postponed on registry.conflicts (organization_id, postponed_until) where postponed_until is not null;
create index conflicts_assigned on registry.conflicts (assigned_to, organization_id) where assigned_to is not null;
create index conflicts_member on registry.conflicts (organization_id, member_id) where member_id is not null;
create index conflicts_other_member on registry.conflicts (organization_id, other_member_id) where other_member_id is not null;
create index conflicts_candidates on registry.conflicts using gin (candidates) where closed_at is null;
-- For erasing, which asks about closed ones too.
create index conflicts_all_candidates on registry.conflicts using gin (candidates) where closed_at is not null and candidates <> '{}';
create index conflicts_observation on registry.conflicts (observation_id) where observation_id is not null;
-- The retention task finds by it the closed cases that still know their number; a row leaves the index when it is erased.
create index conflicts_with_number on registry.conflicts (organization_id, closed_at) where personnummer_index is not null and closed_at is not null;
comment on table registry.conflicts is 'Cases for a coordinator. A case is a row, never an exception.';
comment on column registry.conflicts.id is 'Identifies the case.';
comment on column registry.conflicts.organization_id is 'Whose coordinators see it.';
comment on column registry.conflicts.kind is 'What is to be judged.';
comment on column registry.conflicts.kind_name is 'The same as text: behind row security an index compares texts, and no enums.';
comment on column registry.conflicts.class is 'Cases of one kind and class may be settled together. Kept by a trigger (private.class_of_case), so that an index finds them.';
comment on column registry.conflicts.state is 'Open, proposed, or how it ended.';
comment on column registry.conflicts.member_id is 'The member concerned, where one is certain.';
comment on column registry.conflicts.other_member_id is 'The other member who already has the number.';
comment on column registry.conflicts.candidates is 'The members it might be, where none is certain.';
comment on column registry.conflicts.observation_id is 'The login that first showed it.';
comment on column registry.conflicts.push_id is 'The push that failed.';
comment on column registry.conflicts.fingerprint is 'What makes two sightings the same disagreement; one open case for each. Never a form of a number: where the number makes the difference, it ends with the case''s own id.';
comment on column registry.conflicts.personnummer_index is 'Keyed index of the number that a login, an import or the member system brought, in the newest key version seen. By it a mismatch is recognised, and pushes of that number wait. Erased some time after the case was closed (private.erase_case_numbers).';
comment on column registry.conflicts.personnummer_index_previous is 'The same number under older key versions.';
comment on column registry.conflicts.number_seen_at is 'When an import, or a comparison with the member system, brought the number last. Logins have rows of their own.';
comment on column registry.conflicts.seen is 'How many times the same disagreement was seen.';
comment on column registry.conflicts.last_seen_at is 'When it was last seen.';
comment on column registry.conflicts.detail is 'What agreed and what disagreed; never a number.';
comment on column registry.conflicts.version is 'Rises with every change that a coordinator must have seen before deciding.';
comment on column registry.conflicts.opened_at is 'When it was opened.';
comment on column registry.conflicts.closed_at is 'When it was closed; null: it waits for coordinators, open or proposed.';
comment on column registry.conflicts.decision is 'How a coordinator settled it.';
comment on column registry.conflicts.decided_by is 'Who settled it.';
comment on column registry.conflicts.note is 'The coordinator''s note.';
comment on column registry.conflicts.superseded_by is 'What made the case obsolete, in words.';
comment on column registry.conflicts.proposal is 'The decision that waits for approval; of a settled case, the one that was approved.';
comment on column registry.conflicts.assigned_to is 'The coordinator (user id) who looks after it, as long as that is not over.';
comment on column registry.conflicts.assigned_until is 'When that is over, unless the coordinator does something about the case before.';
comment on column registry.conflicts.postponed_until is 'The day on which it comes back.';
comment on column registry.conflicts.erased_at is 'When somebody whom it concerned was erased: it says nothing of the person any more, and its decision cannot be taken back.';

create table registry.conflict_comments (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null,
  conflict_id      uuid not null,
  written_at       timestamptz not null default clock_timestamp(),
  user_id          uuid not null,
  text             text not null check (length(text) between 1 and 4000),
  foreign key (organization_id, conflict_id) references registry.conflicts (organization_id, id)
);
create index conflict_comments_conflict on registry.conflict_comments (organization_id, conflict_id);
comment on table registry.conflict_comments is 'What coordinators tell each other about a case.';
comment on column registry.conflict_comments.id is 'Identifies the comment.';
comment on column registry.conflict_comments.organization_id is 'Whose case.';
comment on column registry.conflict_comments.conflict_id is 'The case.';
comment on column registry.conflict_comments.written_at is 'When.';
comment on column registry.conflict_comments.user_id is 'Who wrote it (user id).';
comment on column registry.conflict_comments.text is 'The comment. Never a number.';

create type registry.number as (
  index     text,
  previous  text[],
  sealed    text,
  masked    text,
  source    registry.source,
  at        timestamptz
);
comment on type registry.number is 'A personnummer at rest, in every form in which it is kept. It travels as one value; no form of it is the number in clear.';
comment on column registry.number.index is 'Keyed index (HMAC), per organisation, with key version.';
comment on column registry.number.previous is 'The same under older key versions, where they are known.';
comment on column registry.number.sealed is 'Encrypted to the worker''s public key (compact JWE).';
comment on column registry.number.masked is 'Six birth-date digits and five stars, for people.';
comment on column registry.number.source is 'Where it came from.';
comment on column registry.number.at is 'When it was written.';

create type registry.login_key as (
  issuer   text,
  subject  text
);
comment on type registry.login_key is 'What a login is known by, within an organisation.';
comment on column registry.login_key.issuer is 'Issuer of the ID token.';
comment on column registry.login_key.subject is 'Subject of the ID token.';

create type registry.before_decision as (
  link_before         uuid,
  link_after          uuid,
  excluded            uuid[],
  member_id           uuid,
  number              registry.number,
  version_after       integer,
  survivor            uuid,
  survivor_number     registry.number,
  moved_links         uuid[],
  moved_observations  uuid[],
  moved_sessions      uuid[],
  moved_consents      uuid[],
  moved_exclusions    registry.login_key[],
  set_aside           registry.login_key[],
  superseded          uuid[]
);
comment on type registry.before_decision is 'What a decision changed, as it was before: read by undo only. What it did not touch is null.';
comment on column registry.before_decision.link_before is 'The member that the login was linked to. Both null: the link was left alone.';
comment on column registry.before_decision.link_after is 'The member that the decision linked it to; null: it took the link away.';
comment on column registry.before_decision.excluded is 'Members that the decision excluded the login from.';
comment on column registry.before_decision.member_id is 'The member whose number changed, or whose record was merged.';
comment on column registry.before_decision.number is 'The number of that record before; its forms are erased after 31 days.';
comment on column registry.before_decision.version_after is 'Version of that record after the decision.';
comment on column registry.before_decision.survivor is 'The record that it was merged into; null: no merge.';
comment on column registry.before_decision.survivor_number is 'The number that the survivor took over; its forms are erased after 31 days.';
comment on column registry.before_decision.moved_links is 'Links that went to the survivor.';
comment on column registry.before_decision.moved_observations is 'Observations that went to the survivor.';
comment on column registry.before_decision.moved_sessions is 'Sessions that went to the survivor.';
comment on column registry.before_decision.moved_consents is 'Consents that went to the survivor.';
comment on column registry.before_decision.moved_exclusions is 'Logins that are excluded from the survivor now, not from the merged record.';
comment on column registry.before_decision.set_aside is 'Logins that were excluded from the survivor until they came to it with the merge.';
comment on column registry.before_decision.superseded is 'Cases that the merge left obsolete.';

create table registry.resolutions (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null references registry.organizations,
  conflict_id      uuid not null references registry.conflicts,
  decision         registry.decision not null,
  decided_by       text not null,
  proposed_by      text,
  decided_at       timestamptz not null default now(),
  note             text check (length(note) <= 4000),
  before           registry.before_decision,
  undone_at        timestamptz,
  undone_by        text,
  undo_note        text check (length(undo_note) <= 4000),
  constraint resolutions_two_people check (proposed_by <> decided_by),
  constraint resolutions_undo_has_author check (num_nonnulls(undone_at, undone_by) in (0, 2))
);
create unique index resolutions_in_force on registry.resolutions (conflict_id) where undone_at is null;
create index resolutions_conflict on registry.resolutions (conflict_id);
create index resolutions_organization on registry.resolutions (organization_id, decided_at);
-- The retention task finds by it the decisions that still hold the number they replaced; a row leaves the index when it is erased.
create index resolutions_with_number on registry.resolutions (decided_at)
  where coalesce(((before).number).sealed, ((before).survivor_number).sealed) is not null;
-- For erasing: decisions whose login this was, where no case names the member.
create index resolutions_link_after on registry.resolutions (((before).link_after)) where (before).link_after is not null;
create index resolutions_link_before on registry.resolutions (((before).link_before)) where (before).link_before is not null;
comment on table registry.resolutions is 'Decisions of coordinators, with what is needed to take them back.';
comment on column registry.resolutions.id is 'Identifies the decision.';
comment on column registry.resolutions.organization_id is 'Whose case it was.';
comment on column registry.resolutions.conflict_id is 'The case.';
comment on column registry.resolutions.decision is 'What was decided.';
comment on column registry.resolutions.decided_by is 'Who decided, or approved.';
comment on column registry.resolutions.proposed_by is 'Who had proposed it, where another approved.';
comment on column registry.resolutions.decided_at is 'When.';
comment on column registry.resolutions.before is 'The state before, read by undo only; null: the decision changed no record.';
comment on column registry.resolutions.undone_at is 'When it was taken back.';
comment on column registry.resolutions.undone_by is 'Who took it back.';
comment on column registry.resolutions.note is 'The coordinator''s note. The case has that of its last decision; this one stays when the decision is undone.';
comment on column registry.resolutions.undo_note is 'Why it was taken back.';

create table registry.consents (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null,
  member_id        uuid not null,
  provider         registry.provider not null,
  state            registry.consent_state not null,
  observation_id   uuid not null unique references registry.observations,
  scope            text,
  evidence         jsonb not null,
  answered_at      timestamptz not null default now(),
  withdrawn_at     timestamptz,
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  constraint consents_withdrawal_has_time check ((state = 'withdrawn') = (withdrawn_at is not null))
);
create unique index consents_given_once on registry.consents (member_id, provider) where state = 'given';
create index consents_member on registry.consents (organization_id, member_id, answered_at);
comment on table registry.consents is 'Answers of members who were asked whether their number may be stored. The providers store none.';
comment on column registry.consents.id is 'Identifies the answer.';
comment on column registry.consents.organization_id is 'The member''s organisation.';
comment on column registry.consents.member_id is 'Who was asked.';
comment on column registry.consents.provider is 'The provider whose number it is about.';
comment on column registry.consents.state is 'Given, refused, or given and withdrawn later.';
comment on column registry.consents.observation_id is 'The login in which it was asked.';
comment on column registry.consents.scope is 'The scope that was asked for, where the provider asked.';
comment on column registry.consents.evidence is 'Who asked, in which words and language; never a number.';
comment on column registry.consents.answered_at is 'When it was answered.';
comment on column registry.consents.withdrawn_at is 'When it was withdrawn.';

create table registry.revocations (
  organization_id  uuid not null references registry.organizations,
  provider         registry.provider not null,
  subject          text not null check (length(subject) between 1 and 255),
  event            text not null check (length(event) between 1 and 100),
  issued_at        timestamptz not null,
  received_at      timestamptz not null default now(),
  late             boolean not null,
  by_member        boolean not null default false,
  primary key (organization_id, provider, subject, event, issued_at),
  constraint revocations_of_members_take_effect check (not by_member or (event = 'CONSENT_REVOKED' and not late))
);
comment on table registry.revocations is 'Withdrawals of consent, by login: messages of a provider (unsigned: hints, never proof), and what members withdrew themselves.';
comment on column registry.revocations.organization_id is 'The organisation whose address they came to.';
comment on column registry.revocations.provider is 'The provider they claim to come from.';
comment on column registry.revocations.subject is 'The subject they name, known or not.';
comment on column registry.revocations.event is 'The event they name; only CONSENT_REVOKED has an effect.';
comment on column registry.revocations.issued_at is 'When they say they were issued.';
comment on column registry.revocations.received_at is 'When they came.';
comment on column registry.revocations.by_member is 'The member withdrew it, logged in with us: verified. False: a message of the provider.';
comment on column registry.revocations.late is 'Came outside its own time of validity: kept, and nothing else.';

create table registry.coordinators (
  user_id          uuid not null default gen_random_uuid(),
  organization_id  uuid not null references registry.organizations,
  name             text check (length(name) between 1 and 200),
  email            text check (length(email) between 3 and 320),
  issuer           text check (issuer <> ''),
  subject          text check (subject <> ''),
  invited_at       timestamptz,
  language         registry.language,
  state            registry.coordinator_state not null generated always as (
    case when subject is not null then 'bound'::registry.coordinator_state
      when invited_at is not null then 'invited' else 'by_user_id' end
  ) stored,
  created_at       timestamptz not null default now(),
  primary key (user_id, organization_id),
  constraint coordinators_login_is_whole check ((issuer is null) = (subject is null)),
  constraint coordinators_invitation_has_email check (state <> 'invited' or email is not null)
);
create index coordinators_organization on registry.coordinators (organization_id);
create unique index coordinators_login on registry.coordinators (organization_id, issuer, subject) where subject is not null;
comment on table registry.coordinators is 'Who may see and settle an organisation''s cases. Removing the row works with the next request.';
comment on column registry.coordinators.user_id is 'Subject of the access token: the Supabase user id, or one made here for who signs in with the staff provider. Never a member''s.';
comment on column registry.coordinators.organization_id is 'The organisation.';
comment on column registry.coordinators.name is 'Name for colleagues.';
comment on column registry.coordinators.email is 'E-mail address; compared by private.email_key, and only while an invitation waits.';
comment on column registry.coordinators.issuer is 'Issuer of the staff provider, from the first sign-in on.';
comment on column registry.coordinators.subject is 'Subject there, from the first sign-in on. From then on the pair alone counts, and no e-mail address.';
comment on column registry.coordinators.invited_at is 'When the invitation was given. It is good for 30 days, and for one sign-in.';
comment on column registry.coordinators.language is 'Language of the pages; null: as the browser asks.';
comment on column registry.coordinators.state is 'How the coordinator signs in, by the columns above.';
comment on column registry.coordinators.created_at is 'When the right was given.';

-- Who is no coordinator any more looks after no case.
alter table registry.conflicts add foreign key (assigned_to, organization_id)
  references registry.coordinators (user_id, organization_id) on delete set null (assigned_to);

create table registry.oauth_clients (
  client_id        text not null check (client_id ~ '^[A-Za-z0-9._~-]{1,100}$'),
  organization_id  uuid not null references registry.organizations,
  audience         registry.audience not null default 'members',
  redirect_uris    registry.return_addresses not null check (cardinality(redirect_uris) > 0),
  name             text not null check (length(name) between 1 and 200),
  created_at       timestamptz not null default now(),
  primary key (organization_id, client_id)
);
comment on table registry.oauth_clients is 'Apps that log in by the standard (GET /authorize). Public clients: PKCE and the exact redirect address are what they prove themselves by.';
comment on column registry.oauth_clients.client_id is 'What the app calls itself. One app may be registered for several organisations.';
comment on column registry.oauth_clients.organization_id is 'The organisation.';
comment on column registry.oauth_clients.audience is 'Whose app it is: members log in with the three providers, coordinators with the staff provider, and neither with the other''s.';
comment on column registry.oauth_clients.redirect_uris is 'Where a login may return to: exact URLs.';
comment on column registry.oauth_clients.name is 'Name for people.';
comment on column registry.oauth_clients.created_at is 'When the row was made.';

create type registry.code_request as (
  return_to       text,
  code_hash       bytea,
  code_challenge  text,
  client_id       text,
  scope           text[],
  nonce           text
);
comment on type registry.code_request is 'What an app asked for, and the code it gets: travels as one value from login to session.';
comment on column registry.code_request.return_to is 'Where the code is sent.';
comment on column registry.code_request.code_hash is 'SHA-256 of the code.';
comment on column registry.code_request.code_challenge is 'PKCE S256 challenge of the app.';
comment on column registry.code_request.client_id is 'The app, where it came by /authorize; null: by the older address.';
comment on column registry.code_request.scope is 'Scopes that are granted.';
comment on column registry.code_request.nonce is 'The app''s nonce, for its ID token.';

create table registry.consumed_transactions (
  transaction_id  uuid primary key,
  expires_at      timestamptz not null
);
create index consumed_transactions_expiry on registry.consumed_transactions (expires_at);
comment on table registry.consumed_transactions is 'Login transactions that were used, so that none is used twice. Unfinished ones live in the browser''s cookie only.';
comment on column registry.consumed_transactions.transaction_id is 'The transaction''s id, as sealed in the cookie.';
comment on column registry.consumed_transactions.expires_at is 'After this moment the cookie is refused by its age, and the row can go.';

create table registry.sessions (
  id               uuid primary key default gen_random_uuid(),
  organization_id  uuid not null,
  audience         registry.audience not null generated always as (
    case when coordinator_id is null then 'members'::registry.audience else 'coordinators' end
  ) stored,
  member_id        uuid,
  observation_id   uuid unique references registry.observations,
  coordinator_id   uuid,
  return_to        text not null,
  client_id        text,
  scope            text[] not null default '{}',
  nonce            text,
  code_hash        bytea not null unique check (length(code_hash) = 32),
  code_challenge   text not null check (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
  code_expires_at  timestamptz not null,
  code_used_at     timestamptz,
  opened_at        timestamptz not null default now(),
  expires_at       timestamptz not null,
  ended_at         timestamptz,
  end_reason       registry.session_end,
  foreign key (organization_id, member_id) references registry.members (organization_id, id),
  -- With the coordinator's row goes every session, in the same moment.
  foreign key (coordinator_id, organization_id) references registry.coordinators (user_id, organization_id) on delete cascade,
  -- A client that is taken away takes its sessions along.
  foreign key (organization_id, client_id) references registry.oauth_clients on delete cascade,
  constraint sessions_is_somebodys check (
    (member_id is null) = (coordinator_id is not null) and (member_id is null) = (observation_id is null)),
  constraint sessions_end_has_reason check ((ended_at is null) = (end_reason is null))
);
create index sessions_member on registry.sessions (organization_id, member_id);
create index sessions_coordinator on registry.sessions (coordinator_id, organization_id) where coordinator_id is not null;
create index sessions_client on registry.sessions (organization_id, client_id) where client_id is not null;
create index sessions_expiry on registry.sessions (expires_at);
comment on table registry.sessions is 'The Auth Token Repository: sessions of apps. Codes and tokens are stored as SHA-256 hashes only.';
comment on column registry.sessions.id is 'Identifies the session; in the access token as session_id.';
comment on column registry.sessions.organization_id is 'The organisation.';
comment on column registry.sessions.audience is 'Whose session it is: a member''s or a coordinator''s.';
comment on column registry.sessions.member_id is 'The member who is logged in; null: a coordinator.';
comment on column registry.sessions.observation_id is 'The login it began with; a coordinator''s leaves none.';
comment on column registry.sessions.coordinator_id is 'The coordinator who is signed in (user id); null: a member.';
comment on column registry.sessions.return_to is 'Where the code was sent.';
comment on column registry.sessions.client_id is 'The app, where it came by /authorize: nobody else may use its code and tokens.';
comment on column registry.sessions.scope is 'Scopes that were granted.';
comment on column registry.sessions.nonce is 'The app''s nonce, for its ID token.';
comment on column registry.sessions.code_hash is 'SHA-256 of the authorization code.';
comment on column registry.sessions.code_challenge is 'PKCE S256 challenge of the app.';
comment on column registry.sessions.code_expires_at is 'Until when the code may be redeemed.';
comment on column registry.sessions.code_used_at is 'When it was redeemed.';
comment on column registry.sessions.opened_at is 'When the login completed.';
comment on column registry.sessions.expires_at is 'When the session ends unless it is refreshed.';
comment on column registry.sessions.ended_at is 'When it ended.';
comment on column registry.sessions.end_reason is 'Why it ended.';

create table registry.link_proposals (
  observation_id   uuid primary key references registry.observations,
  organization_id  uuid not null references registry.organizations,
  session_id       uuid not null,
  proposed_at      timestamptz not null default now(),
  return_to        text,
  code_hash        bytea unique check (length(code_hash) = 32),
  code_challenge   text check (code_challenge ~ '^[A-Za-z0-9_-]{43}$'),
  client_id        text,
  scope            text[] not null default '{}',
  nonce            text,
  code_expires_at  timestamptz,
  constraint link_proposals_code_is_whole check (num_nonnulls(return_to, code_hash, code_challenge, code_expires_at) in (0, 4))
);
create index link_proposals_organization on registry.link_proposals (organization_id);
create index link_proposals_age on registry.link_proposals (proposed_at);
comment on table registry.link_proposals is 'Logins that a member asked to have linked, until the session that asked redeems the code; a minute later they are gone.';
comment on column registry.link_proposals.observation_id is 'The login.';
comment on column registry.link_proposals.organization_id is 'The organisation it is for.';
comment on column registry.link_proposals.session_id is 'The session that asked. No foreign key: that a login is proposed says nothing of whether the session lives.';
comment on column registry.link_proposals.proposed_at is 'When the login came.';
comment on column registry.link_proposals.return_to is 'Where the code was sent.';
comment on column registry.link_proposals.code_hash is 'SHA-256 of the code; null until it is given out.';
comment on column registry.link_proposals.code_challenge is 'PKCE S256 challenge of the app that asked.';
comment on column registry.link_proposals.client_id is 'The app, where it came by /authorize.';
comment on column registry.link_proposals.scope is 'Scopes that are granted.';
comment on column registry.link_proposals.nonce is 'The app''s nonce.';
comment on column registry.link_proposals.code_expires_at is 'Until when the code may be redeemed.';

create table registry.refresh_tokens (
  token_hash      bytea primary key check (length(token_hash) = 32),
  session_id      uuid not null references registry.sessions on delete cascade,
  issued_at       timestamptz not null default now(),
  replaced_at     timestamptz,
  successor_salt  bytea check (length(successor_salt) = 32),
  constraint refresh_tokens_salt_has_successor check (successor_salt is null or replaced_at is not null)
);
create index refresh_tokens_session on registry.refresh_tokens (session_id);
create unique index refresh_tokens_current on registry.refresh_tokens (session_id) where replaced_at is null;
create unique index refresh_tokens_previous on registry.refresh_tokens (session_id) where successor_salt is not null;
comment on table registry.refresh_tokens is 'Every refresh token of a session, so that the reuse of an old one is noticed.';
comment on column registry.refresh_tokens.token_hash is 'SHA-256 of the token.';
comment on column registry.refresh_tokens.session_id is 'The session (token family).';
comment on column registry.refresh_tokens.issued_at is 'When it was issued.';
comment on column registry.refresh_tokens.replaced_at is 'When it was exchanged for the next; null: the current one.';
comment on column registry.refresh_tokens.successor_salt is 'Random value that the next token was made of, together with this token itself, which nobody here knows. Kept by the token before the current alone: presented again within a minute it leads to the same next one.';

create table registry.figures (
  organization_id           uuid primary key references registry.organizations,
  members                   bigint not null check (members >= 0),
  with_number               bigint not null check (with_number >= 0),
  confirmed_last_12_months  bigint not null check (confirmed_last_12_months >= 0),
  unlinked_logins           bigint not null check (unlinked_logins >= 0),
  pending_pushes            bigint not null check (pending_pushes >= 0),
  failed_pushes             bigint not null check (failed_pushes >= 0),
  counted_at                timestamptz not null,
  counted_in                interval not null
) with (fillfactor = 50);
comment on table registry.figures is 'What would have to be counted through a whole table, as the worker counted it last (worker.count_figures). One row per organisation.';
comment on column registry.figures.organization_id is 'Whose figures.';
comment on column registry.figures.members is 'Members, merged records aside.';
comment on column registry.figures.with_number is 'How many of them have a number.';
comment on column registry.figures.confirmed_last_12_months is 'Members whose number a login filled or confirmed in the last 12 months.';
comment on column registry.figures.unlinked_logins is 'Logins that matched no member with certainty and still belong to nobody.';
comment on column registry.figures.pending_pushes is 'Changes that have not reached the member system yet.';
comment on column registry.figures.failed_pushes is 'Changes that were refused or given up and that no later one follows.';
comment on column registry.figures.counted_at is 'When they were counted.';
comment on column registry.figures.counted_in is 'How long the counting took, of all organisations and months. The next one waits fifty times as long.';

create table registry.monthly_figures (
  organization_id      uuid not null references registry.organizations,
  month                date not null check (extract(day from month) = 1),
  members_with_number  bigint,
  filled               bigint not null,
  confirmed            bigint not null,
  conflict             bigint not null,
  duplicate            bigint not null,
  absent               bigint not null,
  unlinked             bigint not null,
  ambiguous            bigint not null,
  name_mismatch        bigint not null,
  cases_opened         bigint not null,
  cases_settled        bigint not null,
  deliveries_done      bigint not null,
  deliveries_failed    bigint not null,
  counted_at           timestamptz not null,
  primary key (organization_id, month)
);
comment on table registry.monthly_figures is 'What happened in each month (of Norwegian time), as the worker counted it: the running one and the two before it again and again, older ones no more.';
comment on column registry.monthly_figures.organization_id is 'Whose figures.';
comment on column registry.monthly_figures.month is 'First day of the month.';
comment on column registry.monthly_figures.members_with_number is 'Members with a number when the month was counted last while it ran; null: it was not.';
comment on column registry.monthly_figures.filled is 'Logins that filled a number, by what was decided last about each.';
comment on column registry.monthly_figures.confirmed is 'Logins that confirmed one.';
comment on column registry.monthly_figures.conflict is 'Logins that brought another number than the record has.';
comment on column registry.monthly_figures.duplicate is 'Logins whose number another member has.';
comment on column registry.monthly_figures.absent is 'Logins that brought none.';
comment on column registry.monthly_figures.unlinked is 'Logins that nobody matched.';
comment on column registry.monthly_figures.ambiguous is 'Logins that several members matched.';
comment on column registry.monthly_figures.name_mismatch is 'Logins that one member matched, under another name.';
comment on column registry.monthly_figures.cases_opened is 'Cases opened.';
comment on column registry.monthly_figures.cases_settled is 'Decisions of coordinators that still stand.';
comment on column registry.monthly_figures.deliveries_done is 'Changes that reached the member system.';
comment on column registry.monthly_figures.deliveries_failed is 'Changes refused or given up in that month, and not delivered since.';
comment on column registry.monthly_figures.counted_at is 'When they were counted.';

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
