import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';

/** Roles that somebody or something can act as. */
const ROLES = [
  'auth_callback',
  'sync_worker',
  'member_importer',
  'authenticated',
  'auditor',
  'anon',
  'service_role',
  'authenticator',
];
const SCHEMAS = [
  'registry',
  'sync',
  'audit',
  'billing',
  'private',
  'reporting',
  'login',
  'worker',
  'import',
  'api',
  'migrations',
  'graphile_worker',
  'public',
];

/** Everything that is allowed, as `role verb object`. What is not listed is denied. */
const ALLOWED = new Set([
  'auth_callback usage schema login',
  ...[
    'admit',
    'audit_checkpoint',
    'audit_subtrees',
    'consume_transaction',
    'end_session',
    'missing_erasures',
    'open_session',
    'providers',
    'record_consent',
    'record_observation',
    'record_revocation',
    'redeem_code',
    'report_inconsistency',
    'rotate_refresh_token',
    'session_is_live',
    'sign_in_coordinator',
  ].map((name) => `auth_callback execute function login.${name}`),

  'sync_worker usage schema worker',
  ...[
    'announce_erasure',
    'append_checkpoint',
    'append_leaves',
    'audit_subtrees',
    'await_standby',
    'beat',
    'begin_grant_count',
    'claim_file',
    'claim_pushes',
    'count_figures',
    'count_grant',
    'drift_page',
    'erase_expired',
    'events_to_seal',
    'export_member',
    'fail_file',
    'finish_erasure',
    'finish_file',
    'finish_pushes',
    'grant_report',
    'grant_rows',
    'make_grant_snapshot',
    'member_system',
    'metrics',
    'missing_erasures',
    'numbers_to_renew',
    'process_observation',
    'put_back_push',
    'read_erasure',
    'readable_organizations',
    'reconcile',
    'renew_numbers',
    'replay_erasure',
    'report_drift',
    'sealing_metrics',
    'sealing_state',
    'store_receipt',
    'sweep',
    'take_receipt',
    'unrecorded_erasures',
  ].map((name) => `sync_worker execute function worker.${name}`),

  'sync_worker usage schema billing',
  ...['beat', 'begin_look_up', 'claim_invoice', 'finish_invoice', 'issuer', 'put_back_invoice', 'sweep'].map(
    (name) => `sync_worker execute function billing.${name}`,
  ),
  'member_importer usage schema billing',
  'member_importer execute function billing.load_invoices',

  'member_importer usage schema import',
  ...[
    'absent_members',
    'accept_file',
    'compare_rows',
    'finish_run',
    'load_rows',
    'missing_erasures',
    'rejections',
    'start_run',
  ].map((name) => `member_importer execute function import.${name}`),

  'authenticated usage schema api',
  ...[
    'approvals',
    'conflict_comments',
    'conflict_counts',
    'coordinators',
    'data_quality',
    'deliveries',
    'erasures',
    'failed_syncs',
    'grant_figures',
    'grant_rules',
    'grant_snapshots',
    'invoice_issuers',
    'invoices',
    'member_history',
    'member_logins',
    'member_systems',
    'members',
    'monthly_figures',
    'my_consents',
    'my_history',
    'my_profile',
    'my_record',
    'open_case_ages',
    'open_conflicts',
    'settled_conflicts',
    'sync_files',
    'unlinked_logins',
    'worklist',
  ].map((name) => `authenticated select view api.${name}`),
  // Each function of the API runs with the caller's rights and calls its namesake behind it, whose schema is closed.
  ...[
    'acknowledge_sync_file',
    'add_comment',
    'approve',
    'assign_conflict',
    'cancel_invoice',
    'count_grant_area',
    'decline',
    'fetch_number',
    'fetch_sync_file',
    'erase_member',
    'export_member',
    'fetch_erasure_receipt',
    'find_members',
    'grant_list',
    'grant_report',
    'grant_sample',
    'link_login',
    'login_suggestions',
    'make_grant_snapshot',
    'mark_done',
    'postpone_conflict',
    'propose_grant_freeze',
    'propose_receiver_key',
    'resolve_conflict',
    'resolve_conflicts',
    'retry_invoice',
    'retry_sync',
    'set_language',
    'undo_resolution',
    'withdraw_my_consent',
    'withdraw_proposal',
  ].flatMap((name) => [`authenticated execute function api.${name}`, `authenticated execute function private.${name}`]),
  'authenticated execute function private.coordinator_organizations',
  'authenticated execute function billing.explain_state',
  // Called by views, which run with the reader's rights.
  ...[
    'caller_id',
    'coordinator_name',
    'decisions_for_two',
    'decisions_of_case',
    'digest_evidence',
    'explain_failure',
    'family_of',
    'is_assigned',
    'my_consents',
    'my_history',
    'my_record',
    'grant_rules',
    'next_attempt',
    'proposal_is_outdated',
    'today',
    'undo_time',
    'undo_until',
    'user_of_actor',
  ].map((name) => `authenticated execute function private.${name}`),

  'auditor usage schema audit',
  ...['checkpoints', 'epochs', 'erased_records', 'erasures', 'events', 'leaves', 'nodes', 'salts', 'sealing_keys'].map(
    (name) => `auditor select table audit.${name}`,
  ),
  'auditor select view audit.organizations',
  'auditor execute function audit.member_timeline',

  // Every role may look around in public, where nothing of ours is.
  ...ROLES.map((role) => `${role} usage schema public`),
]);

/** Columns that coordinators' views read; the tables' schemas are closed to them, so nothing else reaches these. */
const READABLE_COLUMNS: Record<string, string[]> = {
  'registry.organizations': ['id', 'slug', 'name', 'second_approval'],
  'registry.coordinators': ['user_id', 'organization_id', 'name', 'email', 'language'],
  'registry.members': [
    'id',
    'organization_id',
    'external_id',
    'given_name',
    'family_name',
    'birth_date',
    'email',
    'phone',
    'personnummer_masked',
    'personnummer_source',
    'personnummer_at',
    'merged_into',
    'erasure_id',
    'erased_at',
    'version',
    'created_at',
    'updated_at',
  ],
  'registry.observations': [
    'id',
    'organization_id',
    'provider',
    'source',
    'authenticated_at',
    'received_at',
    'outcome',
    'absent_reason',
    'inconsistency',
    'settled_at',
    'member_id',
    'explanation',
    'personnummer_masked',
    'issuer',
    'subject',
    'given_name',
    'family_name',
    'birth_date',
    'phone',
    'phone_verified',
    'email',
    'email_verified',
    'erased_at',
  ],
  'registry.identity_links': ['organization_id', 'issuer', 'subject', 'member_id'],
  'registry.conflicts': [
    'id',
    'organization_id',
    'kind',
    'kind_name',
    'class',
    'state',
    'member_id',
    'other_member_id',
    'candidates',
    'observation_id',
    'push_id',
    'seen',
    'last_seen_at',
    'detail',
    'version',
    'opened_at',
    'closed_at',
    'decision',
    'decided_by',
    'note',
    'superseded_by',
    'proposal',
    'assigned_to',
    'assigned_until',
    'postponed_until',
    'erased_at',
  ],
  'registry.conflict_comments': ['id', 'organization_id', 'conflict_id', 'written_at', 'user_id', 'text'],
  'registry.resolutions': ['organization_id', 'conflict_id', 'decision', 'decided_at', 'undone_at'],
  'sync.pushes': [
    'id',
    'organization_id',
    'member_id',
    'observation_id',
    'state',
    'attempts',
    'next_attempt_at',
    'error_code',
    'http_status',
    'created_at',
    'settled_at',
    'accepted_until',
    'waits_for_conflict_id',
    'removal',
  ],
  'billing.issuers': ['organization_id', 'organization_number'],
  'billing.invoices': [
    'id',
    'organization_id',
    'member_id',
    'invoice_number',
    'amount_ore',
    'due_date',
    'kid',
    'document_reference',
    'description',
    'state',
    'attempts',
    'next_attempt_at',
    'error_code',
    'http_status',
    'created_at',
    'settled_at',
    'cancel_reason',
  ],
  'billing.breakers': ['organization_id', 'state', 'error_code', 'http_status', 'opened_at', 'probe_at'],
  'registry.figures': [
    'organization_id',
    'members',
    'with_number',
    'confirmed_last_12_months',
    'unlinked_logins',
    'pending_pushes',
    'failed_pushes',
    'counted_at',
  ],
  'registry.monthly_figures': [
    'organization_id',
    'month',
    'members_with_number',
    'filled',
    'confirmed',
    'conflict',
    'duplicate',
    'absent',
    'unlinked',
    'ambiguous',
    'name_mismatch',
    'cases_opened',
    'cases_settled',
    'deliveries_done',
    'deliveries_failed',
    'counted_at',
  ],
  'sync.member_systems': ['organization_id', 'kind', 'receiver_key'],
  'sync.breakers': ['organization_id', 'state', 'error_code', 'http_status', 'opened_at', 'probe_at', 'changed_at'],
  'sync.files': [
    'id',
    'organization_id',
    'state',
    'pushes',
    'created_at',
    'ready_at',
    'accept_until',
    'acknowledged_at',
  ],
  'reporting.snapshots': [
    'id',
    'organization_id',
    'base_year',
    'rule_code',
    'rule',
    'counted_on',
    'state',
    'version',
    'corrects',
    'made_at',
    'started_at',
    'failed_at',
    'failure',
    'imported_at',
    'counting_digest',
    'records',
    'counted',
    'verified',
    'counties',
    'municipalities',
    'probable_duplicates',
    'open_cases',
    'meets',
    'digest',
    'frozen_at',
    'conflict_id',
  ],
  'reporting.snapshot_figures': ['snapshot_id', 'organization_id', 'dimension', 'key', 'name', 'counted', 'verified'],
  'audit.erasures': [
    'id',
    'organization_id',
    'member_id',
    'state',
    'reason',
    'requested_by',
    'approved_by',
    'announced_at',
    'erased_at',
    'counts',
    'removal',
    'removed_at',
    'receipt_digest',
    'receipt_given_at',
  ],
  'audit.events': [
    'id',
    'organization_id',
    'occurred_at',
    'event',
    'source',
    'message',
    'member_id',
    'observation_id',
    'conflict_id',
    'push_id',
  ],
};

const PRIVILEGES = `
  with roles as (select unnest($1::text[]) as role),
  relations as (
    select c.oid, n.nspname || '.' || c.relname as name, case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end as kind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any ($2) and c.relkind in ('r', 'v', 'm', 'p', 'S', 'f')
  )
  select r.role || ' ' || v.verb || ' schema ' || n.nspname as privilege
  from roles r, pg_namespace n, unnest(array['usage', 'create']) as v(verb)
  where n.nspname = any ($2) and has_schema_privilege(r.role, n.oid, v.verb)
  union all
  select r.role || ' ' || v.verb || ' ' || c.kind || ' ' || c.name
  from roles r, relations c, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as v(verb)
  where c.kind <> 'sequence' and has_table_privilege(r.role, c.oid, v.verb)
  union all
  select r.role || ' ' || v.verb || ' sequence ' || c.name
  from roles r, relations c, unnest(array['usage', 'select', 'update']) as v(verb)
  where c.kind = 'sequence' and has_sequence_privilege(r.role, c.oid, v.verb)
  union all
  select r.role || ' execute function ' || n.nspname || '.' || p.proname
  from roles r, pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = any ($2) and r.role || n.nspname <> 'sync_workergraphile_worker' and has_function_privilege(r.role, p.oid, 'execute')
  union all
  select r.role || ' ' || v.verb || ' on the database'
  from roles r, unnest(array['create', 'temporary']) as v(verb) where has_database_privilege(r.role, current_database(), v.verb)`;

test('role x object x verb: what is not listed is denied, what is listed is there', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ privilege: string }>(PRIVILEGES, [ROLES, SCHEMAS]);
  // In graphile-worker's schema the worker may use what is there: data, never definitions.
  const inTheQueue = /^sync_worker (usage|select|insert|update|delete) (schema|table|view|sequence) graphile_worker/;
  const found = rows.map(({ privilege }) => privilege).filter((one) => !inTheQueue.test(one));
  assert.deepEqual(found.sort(), [...ALLOWED].sort());
});

test('columns that can be read without their table are the ones coordinators are shown', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ role: string; verb: string; relation: string; columns: string[] }>(
    `select r.role, v.verb, c.oid::regclass::text as relation, array_agg(a.attname::text) as columns
     from unnest($1::text[]) as r(role), unnest(array['select', 'insert', 'update', 'references']) as v(verb),
          pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname = any ($2) and n.nspname not in ('graphile_worker') and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
       and has_column_privilege(r.role, c.oid, a.attnum, v.verb) and not has_table_privilege(r.role, c.oid, v.verb)
     group by 1, 2, 3`,
    [ROLES, SCHEMAS],
  );
  const found = Object.fromEntries(
    rows
      .filter(({ role, verb }) => role === 'authenticated' && verb === 'select')
      .map((row) => [row.relation, row.columns.sort()]),
  );
  const named = rows
    .filter(({ role }) => role !== 'authenticated')
    .map((row) => `${row.role} ${row.verb} ${row.relation} ${row.columns.sort()}`);
  assert.deepEqual(named, ['auditor select registry.organizations id,name,slug'], 'for audit.organizations');
  const expected = Object.fromEntries(Object.entries(READABLE_COLUMNS).map(([table, names]) => [table, names.sort()]));
  assert.deepEqual(found, expected);
});

test('no login role is more than it should be, or can become anybody else', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query(
    `select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as too_much,
            array(select m.roleid::regrole::text from pg_auth_members m where m.member = r.oid) as member_of
     from pg_roles r where rolname = any ($1) order by rolname`,
    [
      [
        'auth_callback',
        'sync_worker',
        'member_importer',
        'authenticated',
        'anon',
        'auditor',
        'registry_owner',
        'audit_owner',
        'billing_owner',
        'queue_owner',
      ],
    ],
  );
  assert.deepEqual(rows, [
    { rolname: 'anon', too_much: false, member_of: [] },
    { rolname: 'audit_owner', too_much: false, member_of: [] },
    { rolname: 'auditor', too_much: false, member_of: [] },
    { rolname: 'auth_callback', too_much: false, member_of: [] },
    { rolname: 'authenticated', too_much: false, member_of: [] },
    { rolname: 'billing_owner', too_much: false, member_of: [] },
    { rolname: 'member_importer', too_much: false, member_of: [] },
    { rolname: 'queue_owner', too_much: false, member_of: [] },
    { rolname: 'registry_owner', too_much: false, member_of: ['queue_owner'] },
    { rolname: 'sync_worker', too_much: false, member_of: [] },
  ]);
});

const FORBIDDEN_TO_THE_CALLBACK = [
  'select * from registry.members',
  'select count(*) from registry.observations',
  'select personnummer_index from registry.members limit 1',
  `insert into registry.observations (id) values (gen_random_uuid())`,
  `update registry.members set given_name = 'x'`,
  'delete from registry.identity_links',
  'truncate audit.events',
  'select * from audit.events',
  'select * from api.open_conflicts',
  'select * from worker.reconcile()',
  'select private.actor()',
  'create table login.mine (id int)',
  'create table public.mine (id int)',
  'create temporary table mine (id int)',
  'create function login.mine() returns int language sql as $$ select 1 $$',
  'create schema mine',
  'create role mine',
  'set role registry_owner',
  'set role queue_owner',
  'set role postgres',
  'set session authorization postgres',
  `select graphile_worker.add_job('push_personnummer', '{}')`,
  'select * from graphile_worker.jobs',
  'alter role auth_callback superuser',
  'grant registry_owner to auth_callback',
];

test('auth_callback cannot read, update or delete anything, create anything, or become anybody', async () => {
  await using db = await createTestDatabase();
  const client = new pg.Client({ connectionString: db.urlFor('auth_callback') });
  await client.connect();
  try {
    for (const statement of FORBIDDEN_TO_THE_CALLBACK) {
      await assert.rejects(client.query(statement), { code: '42501' }, statement);
    }
  } finally {
    await client.end();
  }
});

test('the waits of auth_callback are bounded', async () => {
  await using db = await createTestDatabase();
  const client = new pg.Client({ connectionString: db.urlFor('auth_callback') });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select name, setting::int from pg_settings
       where name in ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout') order by name`,
    );
    const ms = Object.fromEntries(rows.map((row) => [row.name, row.setting]));
    assert.ok(ms.lock_timeout > 0 && ms.lock_timeout <= 2_000);
    assert.ok(ms.statement_timeout > 0 && ms.statement_timeout <= 5_000);
    assert.ok(ms.idle_in_transaction_session_timeout > 0 && ms.idle_in_transaction_session_timeout <= 10_000);
  } finally {
    await client.end();
  }
});

const FORBIDDEN_TO_THE_WORKER = [
  'select * from registry.members',
  'update sync.pushes set attempts = 0',
  'select login.providers()',
  `select private.enqueue('push_personnummer', gen_random_uuid())`,
  'create or replace view graphile_worker.jobs as select 1',
  'create function graphile_worker.mine() returns int language sql as $$ select 1 $$',
  'alter table graphile_worker._private_jobs disable row level security',
  'set role queue_owner',
  'set role registry_owner',
];

test('sync_worker uses the queue without owning it: it cannot change code that others run', async () => {
  await using db = await createTestDatabase();
  const client = new pg.Client({ connectionString: db.urlFor('sync_worker') });
  await client.connect();
  try {
    await client.query(`select graphile_worker.add_job('reconcile')`);
    assert.equal((await client.query('select from graphile_worker._private_jobs')).rowCount, 1);
    for (const statement of FORBIDDEN_TO_THE_WORKER) {
      await assert.rejects(client.query(statement), { code: '42501' }, statement);
    }
  } finally {
    await client.end();
  }
});
