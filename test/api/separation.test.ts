import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import { signAccessToken } from '../../local/access-token.ts';
import { type ActingCallback, actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { logInAsMember } from '../support/member.ts';
import { startTestPostgrest, type TestPostgrest } from '../support/postgrest.ts';
import { pushWorker } from '../support/push-worker.ts';
import { addCoordinator, addMember, sampleNumbers, testKeys } from '../support/samples.ts';
import { oddTokens, signClaims } from './support/odd-tokens.ts';

// One person, two organisations. The coordinator of one tries, in every way that PostgREST offers, to learn of the other's.

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

let db: TestDatabase;
/** What members read of themselves, and coordinators never. */
const OF_MEMBERS = ['my_consents', 'my_history', 'my_record'];
/** Every other view of schema api, as the catalog has them. */
let VIEWS: string[];
let own: ActingCallback;
let foreign: ActingCallback;
let api: TestPostgrest;
let token: string;
/** A member of the own organisation, logged in to its app, and what belongs to other members there. */
let ownMember: { token: string; memberId: string; userId: string; sessionId: string };
let foreignMemberToken: string;
/** Everything that only the other organisation knows. */
let secrets: string[];
let foreignConflict: string;
let foreignPush: string;
let foreignInvoice: string;
let foreignObservation: string;
let foreignMember: string;
let foreignErasure: string;
let foreignSnapshot: string;

/** The member whose login was filled logs in to the app. */
async function asMember(callback: ActingCallback, mark: string) {
  const { claims, memberId } = await logInAsMember(db, callback, {
    ...{ given_name: null, family_name: null, birth_date: null },
    subject: `${mark}-filled`,
    phone: '+4790000033',
    email: `${mark}-filled@example.org`,
    personnummer: sampleNumbers[3],
  });
  const signed = await signClaims(testKeys().environment.ACCESS_TOKEN_KEYS, claims);
  return { token: signed, memberId, userId: claims.sub, sessionId: claims.session_id };
}

/** One that waits, of the member `<mark>-external`. @returns its id */
async function addInvoice({ organization }: ActingCallback, mark: string): Promise<string> {
  await db.pool.query(
    `insert into billing.issuers (organization_id, organization_number, account_number, base_url, access_token_url, client_id, client_secret_env)
     values ($1, '999999999', '99990000022', 'https://invoices.example.org', 'https://invoices.example.org/token', 'c', 'INVOICE_X')`,
    [organization.id],
  );
  const invoice = { line: 2, invoice_number: `${mark}-invoice`, member: `${mark}-external`, amount_ore: 45_000 };
  const rest = { due_date: '2099-01-01', kid: '12345674', document_reference: null, description: 'Kontingent' };
  await db
    .poolFor('member_importer')
    .query('select * from billing.load_invoices($1, $2)', [
      organization.slug,
      JSON.stringify([{ ...invoice, ...rest }]),
    ]);
  return (
    await one<{ id: string }>(db, 'select id from billing.invoices where organization_id = $1', [organization.id])
  ).id;
}

async function everyKindOfRow(callback: ActingCallback, mark: string) {
  const member = await addKari(db, callback, { external_id: `${mark}-external`, personnummer: OTHER_NUMBER });
  await callback.login({ personnummer: NUMBER });
  await callback.login({
    subject: `${mark}-nobody`,
    given_name: `${mark}-name`,
    phone: '+4790000444',
    email: `${mark}@example.net`,
  });
  await addMember(db, callback.organization, {
    phone: '+4790000033',
    email: `${mark}-filled@example.org`,
    external_id: `${mark}-filled`,
  });
  const rest = { given_name: null, family_name: null, birth_date: null };
  await callback.login({
    ...rest,
    subject: `${mark}-filled`,
    phone: '+4790000033',
    email: `${mark}-filled@example.org`,
    personnummer: sampleNumbers[3],
  });
  const push = await one<{ id: string }>(db, 'select id from sync.pushes where organization_id = $1', [
    callback.organization.id,
  ]);
  await pushWorker(db).attempt(push.id, { result: 'rejected', status: 422, code: 'http_422' });
  await db.pool.query(
    `insert into sync.files (organization_id, state, content, leased_by, ready_at, accept_until)
     values ($1, 'ready', 'a.b.c.d.e', 'w', now(), now() + interval '1 day')`,
    [callback.organization.id],
  );
  const settled = await addMember(db, callback.organization, {
    phone: '+4790000035',
    email: `${mark}-settled@example.org`,
    external_id: `${mark}-settled`,
    personnummer: sampleNumbers[5],
  });
  await callback.login({
    ...rest,
    subject: `${mark}-settled`,
    phone: '+4790000035',
    email: `${mark}-settled@example.org`,
    personnummer: sampleNumbers[6],
  });
  const coordinator = await becomeCoordinator(db, callback.organization);
  const [open] = await coordinator.query<{ id: string; version: number }>(
    'select id, version from api.open_conflicts where member_id = $1',
    [settled.id],
  );
  await coordinator.call('resolve_conflict', open?.id, 'keep_existing', `${mark}-note`, open?.version);
  await db.pool.query(`update registry.organizations set second_approval = '{accept_observed}' where id = $1`, [
    callback.organization.id,
  ]);
  const [waiting] = await coordinator.query<{ id: string; version: number }>(
    'select id, version from api.open_conflicts where member_id = $1',
    [member.id],
  );
  await coordinator.call('add_comment', waiting?.id, `${mark}-comment`);
  await coordinator.call('resolve_conflict', waiting?.id, 'accept_observed', `${mark}-proposal`, waiting?.version);
  const typed = { subject: `${mark}-typed`, phone: '+4790000034', email: `${mark}-typed@example.org` };
  await addMember(db, callback.organization, { phone: typed.phone, email: typed.email, external_id: `${mark}-typed` });
  await callback.login({ ...rest, ...typed, personnummer: sampleNumbers[4] });
  await db.pool.query(
    `update sync.member_systems set kind = 'worklist', url_template = null where organization_id = $1`,
    [callback.organization.id],
  );
  const leaving = await addMember(db, callback.organization, { external_id: `${mark}-leaving` });
  const erasure = await one<{ id: string }>(
    db,
    `select private.announce_erasure($1, 'Asked by letter', 'operator', 'operator') as id`,
    [leaving.id],
  );
  return { member, push, erasure, invoice: await addInvoice(callback, mark) };
}

beforeAll(async () => {
  db = await createTestDatabase();
  const { rows: views } = await db.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'api'::regnamespace and relkind in ('v', 'm', 'r', 'p', 'f') order by 1`,
  );
  VIEWS = views.map(({ name }) => name).filter((name) => !OF_MEMBERS.includes(name));
  own = await actAsCallback(db);
  foreign = await actAsCallback(db);
  await everyKindOfRow(own, 'own');
  const { member, push, erasure, invoice } = await everyKindOfRow(foreign, 'foreign');
  foreignErasure = erasure.id;
  foreignInvoice = invoice;
  await db.pool.query('select worker.count_figures()');
  for (const { organization } of [own, foreign])
    await db.pool.query(`select worker.make_grant_snapshot($1, 2025, 'bufdir-disability')`, [organization.slug]);
  const ids = async (table: string) =>
    (
      await db.pool.query(`select id::text from ${table} where organization_id = $1`, [foreign.organization.id])
    ).rows.map(({ id }) => id);
  const [conflicts, observations, members] = [
    await ids('registry.conflicts'),
    await ids('registry.observations'),
    await ids('registry.members'),
  ];
  [foreignConflict, foreignObservation, foreignMember, foreignPush] = [
    conflicts[0],
    observations[0],
    member.id,
    push.id,
  ];
  foreignSnapshot = (
    await one<{ id: string }>(db, 'select id from reporting.snapshots where organization_id = $1', [
      foreign.organization.id,
    ])
  ).id;
  secrets = [
    foreignSnapshot,
    ...conflicts,
    ...observations,
    ...members,
    push.id,
    erasure.id,
    invoice,
    foreign.organization.id,
    foreign.organization.slug,
    'foreign-',
  ];
  ownMember = await asMember(own, 'own');
  foreignMemberToken = (await asMember(foreign, 'foreign')).token;
  api = await startTestPostgrest(db);
  token = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, await addCoordinator(db, own.organization));
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

type Request = {
  path: string;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  token?: string | null;
};

async function send({ path, method = 'GET', body, headers = {}, token: other }: Request) {
  const bearer = other === undefined ? token : other;
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const range = response.headers.get('content-range');
  return { status: response.status, text, range, rows: text.startsWith('[') ? (JSON.parse(text) as unknown[]) : [] };
}

function assertNothingForeign(what: string, { text }: { text: string }) {
  for (const secret of secrets) assert.ok(!text.includes(secret), `${what}: shows ${secret}`);
}

test('a coordinator reads every view of the own organisation with supabase-js, and nothing of another', async () => {
  const client = api.client(token);
  for (const view of VIEWS) {
    const { data, error, count } = await client.from(view).select('*', { count: 'exact' });
    assert.equal(error, null, view);
    assert.ok(data !== null && data.length > 0, `${view} has rows of the own organisation`);
    assert.equal(count, data.length);
    for (const row of data) assert.equal(row.organization, own.organization.slug, view);
    assertNothingForeign(view, { text: JSON.stringify(data) });
  }
});

test('filters, embedding, counts, or=, ranges and ordering show nothing foreign', async () => {
  const queries = VIEWS.flatMap((view) => [
    `/${view}?organization=eq.${foreign.organization.slug}`,
    `/${view}?organization=neq.${own.organization.slug}`,
    `/${view}?or=(organization.eq.${foreign.organization.slug},organization.is.null)`,
    `/${view}?organization=not.in.(${own.organization.slug})`,
    `/${view}?order=organization.desc&limit=1000&offset=0`,
    `/${view}?select=count()`,
    `/${view}?select=*,members(*)`,
    `/${view}?select=organization:organization,observations(*)`,
    `/${view}?and=(organization.gte.a,organization.lte.zzzz)`,
  ]);
  queries.push(
    `/open_conflicts?id=eq.${foreignConflict}`,
    `/open_conflicts?member_id=eq.${foreignMember}`,
    `/open_conflicts?member_given_name=like.*`,
    `/failed_syncs?push_id=eq.${foreignPush}`,
    `/unlinked_logins?observation_id=eq.${foreignObservation}`,
    `/unlinked_logins?given_name=ilike.foreign*`,
    `/member_history?member_id=eq.${foreignMember}`,
    `/open_conflicts?detail->>match_rule=eq.link`,
  );
  for (const path of queries) {
    const answer = await send({ path, headers: { prefer: 'count=exact', range: '0-9999' } });
    assertNothingForeign(path, answer);
    if (/eq\.(foreign|[0-9a-f-]{36})/.test(path) && path.includes(foreignConflict)) assert.deepEqual(answer.rows, []);
  }
});

test('counts tell nothing of the other organisation', async () => {
  for (const view of VIEWS) {
    const all = await send({ path: `/${view}?limit=1`, headers: { prefer: 'count=exact' } });
    const theirs = await send({
      path: `/${view}?organization=eq.${foreign.organization.slug}`,
      headers: { prefer: 'count=exact' },
    });
    const ours = await send({
      path: `/${view}?organization=eq.${own.organization.slug}&limit=1`,
      headers: { prefer: 'count=exact' },
    });
    assert.equal(theirs.range, '*/0', view);
    assert.equal(all.range, ours.range, view);
  }
});

test('tables, other schemas, other methods and plans are out of reach', async () => {
  for (const profile of [
    'registry',
    'audit',
    'sync',
    'billing',
    'private',
    'login',
    'worker',
    'public',
    'graphile_worker',
    'pg_catalog',
  ]) {
    const answer = await send({ path: '/members', headers: { 'accept-profile': profile } });
    assert.equal(answer.status, 406, profile);
  }
  for (const path of [
    '/member_search',
    '/resolutions',
    '/observations',
    '/events',
    '/pushes',
    '/issuers',
    '/oauth_clients',
    '/sessions',
    '/identity_links',
  ]) {
    assert.equal((await send({ path })).status, 404, path);
  }
  for (const view of VIEWS) {
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      const answer = await send({
        path: `/${view}`,
        method,
        ...(method === 'DELETE' ? {} : { body: { organization: 'x' } }),
      });
      assert.ok(answer.status >= 400, `${method} ${view}`);
      assertNothingForeign(`${method} ${view}`, answer);
    }
  }
  const plan = await send({ path: '/open_conflicts', headers: { accept: 'application/vnd.pgrst.plan+json' } });
  assert.ok(plan.status >= 400);
  for (const path of [
    '/rpc/record_observation',
    '/rpc/claim_pushes',
    '/rpc/claim_invoice',
    '/rpc/load_invoices',
    '/rpc/coordinator_organizations',
    '/rpc/refuse',
  ]) {
    assert.equal((await send({ path, method: 'POST', body: {} })).status, 404, path);
  }
});

test('every function that takes an id is in the table of the next test', async () => {
  const { rows } = await db.pool.query<{ name: string }>(
    `select proname as name from pg_proc where pronamespace = 'api'::regnamespace order by 1`,
  );
  const tried = calls(randomUUID(), randomUUID()).map(([path]) => path.replace('/rpc/', ''));
  assert.deepEqual(
    rows.map(({ name }) => name),
    [...new Set([...tried, ...TAKE_NO_ID])].toSorted(),
  );
});

/** Tried in tests of their own; set_language changes the caller's own row. */
const TAKE_NO_ID = [
  'find_members',
  'make_grant_snapshot',
  'propose_receiver_key',
  'resolve_conflicts',
  'set_language',
  'withdraw_my_consent',
];

/** One call of each function, about an id. */
const calls = (id: string, member: string): [string, unknown][] => [
  ['/rpc/resolve_conflict', { conflict_id: id, decision: 'keep_existing', note: null, expected_version: 1 }],
  ['/rpc/undo_resolution', { conflict_id: id, note: null }],
  ['/rpc/link_login', { observation_id: id, member_id: member }],
  ['/rpc/cancel_invoice', { invoice_id: id, reason: 'sent by post' }],
  ['/rpc/retry_invoice', { invoice_id: id }],
  ['/rpc/retry_sync', { push_id: id }],
  ['/rpc/retry_sync', { conflict_id: id }],
  ['/rpc/fetch_number', { push_id: id }],
  ['/rpc/mark_done', { push_id: id }],
  ['/rpc/fetch_sync_file', { file_id: id }],
  ['/rpc/acknowledge_sync_file', { file_id: id }],
  ['/rpc/approve', { conflict_id: id, expected_version: 2 }],
  ['/rpc/decline', { conflict_id: id, note: null, expected_version: 2 }],
  ['/rpc/withdraw_proposal', { conflict_id: id, expected_version: 2 }],
  ['/rpc/assign_conflict', { conflict_id: id, user_id: null }],
  ['/rpc/postpone_conflict', { conflict_id: id, until: null, note: null }],
  ['/rpc/add_comment', { conflict_id: id, text: 'whose?' }],
  ['/rpc/login_suggestions', { observation_id: id }],
  ['/rpc/export_member', { member_id: id }],
  ['/rpc/erase_member', { member_id: id, reason: 'asked by letter', expected_version: 1 }],
  ['/rpc/fetch_erasure_receipt', { erasure_id: id }],
  ['/rpc/grant_report', { snapshot_id: id }],
  ['/rpc/grant_list', { snapshot_id: id, what: 'counted' }],
  ['/rpc/grant_sample', { snapshot_id: id, size: 5 }],
  ['/rpc/count_grant_area', { snapshot_id: id, area_year: 2025, counties: ['03'] }],
  ['/rpc/propose_grant_freeze', { snapshot_id: id, note: null, expected_version: 1 }],
];

test('a search finds nothing foreign, by whatever it searches', async () => {
  const theirs = await one<Record<string, string>>(
    db,
    `select external_id, family_name, email, phone, to_char(birth_date, 'DD.MM.YYYY') as born from registry.members where id = $1`,
    [foreignMember],
  );
  for (const query of Object.values(theirs)) {
    const answer = await send({ path: '/rpc/find_members', method: 'POST', body: { query } });
    assert.equal(answer.status, 200, query);
    const { members } = JSON.parse(answer.text) as { members: { organization: string }[] };
    assert.ok(members.every(({ organization }) => organization === own.organization.slug));
    assertNothingForeign(query, { text: JSON.stringify(members) });
  }
});

test('many cases at once, and a key, say no more of a foreign one than of one that is not there', async () => {
  const many = async (id: string) => {
    const body = { conflict_ids: [id], decision: 'keep_existing', note: null, expected_versions: [1] };
    const { status, text } = await send({ path: '/rpc/resolve_conflicts', method: 'POST', body });
    return { status, text: text.replaceAll(id, '') };
  };
  assert.deepEqual(await many(foreignConflict), await many(randomUUID()));
  const key = async (organization: string) => {
    const { publicKey } = generateKeyPairSync('x25519');
    const body = { organization, public_jwk: publicKey.export({ format: 'jwk' }) };
    const { status, text } = await send({ path: '/rpc/propose_receiver_key', method: 'POST', body });
    return { status, text };
  };
  assert.deepEqual(await key(foreign.organization.slug), await key('nobody-at-all'));
  assert.equal((await key('nobody-at-all')).status, 404);
  const count = async (organization: string) => {
    const body = { organization, base_year: 2025, rule: 'bufdir-disability' };
    const { status, text } = await send({ path: '/rpc/make_grant_snapshot', method: 'POST', body });
    return { status, text };
  };
  assert.deepEqual(await count(foreign.organization.slug), await count('nobody-at-all'));
  assert.equal((await count('nobody-at-all')).status, 404);
});

test('a foreign id and an unknown one are refused alike, with 404, in every function', async () => {
  const unknown = '00000000-0000-4000-8000-000000000000';
  const waits = await one<{ id: string }>(
    db,
    `select id from sync.pushes where organization_id = $1 and settled_at is null`,
    [foreign.organization.id],
  );
  const file = await one<{ id: string }>(db, `select id from sync.files where organization_id = $1`, [
    foreign.organization.id,
  ]);
  const proposed = await one<{ id: string }>(
    db,
    `select id from registry.conflicts where organization_id = $1 and state = 'proposed'`,
    [foreign.organization.id],
  );
  const foreignIds = [
    foreignConflict,
    foreignConflict,
    foreignObservation,
    foreignInvoice,
    foreignInvoice,
    foreignPush,
    foreignConflict,
    waits.id,
    waits.id,
    file.id,
    file.id,
    proposed.id,
    proposed.id,
    proposed.id,
    foreignConflict,
    foreignConflict,
    foreignConflict,
    foreignObservation,
    foreignMember,
    foreignMember,
    foreignErasure,
    ...Array.from({ length: 5 }, () => foreignSnapshot),
  ];
  const stored = () =>
    one(db, `select json_agg(c order by c.id) as cases from registry.conflicts as c where organization_id = $1`, [
      foreign.organization.id,
    ]);
  const before = await stored();
  for (const [at, [path, body]] of calls(unknown, unknown).entries()) {
    const missing = await send({ path, method: 'POST', body });
    const [, forged] = calls(foreignIds[at] as string, foreignMember)[at] as [string, unknown];
    const theirs = await send({ path, method: 'POST', body: forged });
    assert.equal(missing.status, 404, path);
    assert.deepEqual([theirs.status, theirs.text], [missing.status, missing.text], path);
  }
  const ownLogin = await one<{ id: string }>(
    db,
    `select id from registry.observations where organization_id = $1 and outcome = 'unlinked'`,
    [own.organization.id],
  );
  const across = await send({
    path: '/rpc/link_login',
    method: 'POST',
    body: { observation_id: ownLogin.id, member_id: foreignMember },
  });
  assert.equal(across.status, 404, 'an own login cannot be linked to a foreign member');
  assert.deepEqual(await stored(), before, 'no case of theirs has changed');
});

test('a stale version answers 409, and the refusal is in the audit although nothing else happened', async () => {
  const { id } = await one<{ id: string }>(
    db,
    `select id from registry.conflicts where organization_id = $1 and kind = 'mismatch'`,
    [own.organization.id],
  );
  const stale = await send({
    path: '/rpc/resolve_conflict',
    method: 'POST',
    body: { conflict_id: id, decision: 'keep_existing', note: null, expected_version: 9 },
  });
  assert.equal(stale.status, 409);
  const { error } = await api
    .client(token)
    .rpc('resolve_conflict', { conflict_id: id, decision: 'keep_existing', note: null, expected_version: 9 });
  assert.equal(error?.code, 'stale_version');
  const refused = await one(
    db,
    `select count(*)::int as n from audit.events where event = 'refused' and detail ->> 'id' = $1`,
    [id],
  );
  assert.equal(refused.n, 2);
});

test('tokens with odd claims, members, strangers and nobody see nothing', async () => {
  const coordinator = await addCoordinator(db, own.organization);
  const { rows } = await db.pool.query('select user_id from registry.members where organization_id = $1 limit 1', [
    foreign.organization.id,
  ]);
  const tokens = {
    ...(await oddTokens(own.organization, coordinator, rows[0].user_id)),
    'a broken signature': `${token.slice(0, -8)}AAAAAAAA`,
  };
  for (const [who, other] of Object.entries(tokens)) {
    for (const view of [...VIEWS, ...OF_MEMBERS]) {
      const answer = await send({ path: `/${view}`, token: other });
      assert.deepEqual(answer.rows, [], `${who} reads ${view}`);
      assertNothingForeign(`${who} reads ${view}`, answer);
    }
    const settle = await send({
      path: '/rpc/undo_resolution',
      method: 'POST',
      body: { conflict_id: foreignConflict, note: null },
      token: other,
    });
    assert.ok(settle.status >= 400, `${who} undoes`);
  }
});

test('a member reads the own record with supabase-js, and nothing of anybody else in the same organisation', async () => {
  const client = api.client(ownMember.token);
  const { rows } = await db.pool.query<{ secret: string }>(
    `select unnest(array[m.id::text, m.user_id::text, m.external_id, m.email]) as secret from registry.members as m where m.id <> $1
     union select c.id::text from registry.conflicts as c union select s.id::text from registry.sessions as s
     union select k.user_id::text from registry.coordinators as k union select o.id::text from registry.observations as o`,
    [ownMember.memberId],
  );
  const others = [
    ...rows.map(({ secret }) => secret).filter((secret) => secret !== null),
    ...['note', 'comment', 'proposal'],
  ];
  for (const view of OF_MEMBERS) {
    const { data, error } = await client.from(view).select('*', { count: 'exact' });
    assert.equal(error, null, view);
    assert.ok(view === 'my_consents' || (data !== null && data.length > 0), view);
    const shown = JSON.stringify(data);
    for (const secret of others) assert.ok(!shown.includes(secret), `${view} shows ${secret}`);
    assertNothingForeign(view, { text: shown });
  }
  const { data: mine } = await client.from('my_record').select();
  assert.deepEqual(
    mine?.map((row) => [row.member_external_id, row.personnummer_source]),
    [['own-filled', 'vipps-login']],
  );
});

test('a member reaches nothing that coordinators read or do', async () => {
  for (const view of VIEWS) {
    const answer = await send({ path: `/${view}`, token: ownMember.token, headers: { prefer: 'count=exact' } });
    assert.deepEqual([answer.rows, answer.range], [[], '*/0'], view);
  }
  const ids = { conflict: foreignConflict, member: ownMember.memberId };
  for (const [path, body] of calls(ids.conflict, ids.member)) {
    const answer = await send({ path, method: 'POST', body, token: ownMember.token });
    assert.equal(answer.status, 404, path);
  }
  const found = await send({
    path: '/rpc/find_members',
    method: 'POST',
    body: { query: 'kari' },
    token: ownMember.token,
  });
  assert.deepEqual((JSON.parse(found.text) as { members?: object[] }).members ?? [], []);
  for (const [path, body] of [
    ['/rpc/propose_receiver_key', { organization: own.organization.slug, public_jwk: {} }],
    ['/rpc/set_language', { language: 'nb' }],
  ] as const) {
    assert.ok((await send({ path, method: 'POST', body, token: ownMember.token })).status >= 400, path);
  }
});

test('coordinators read no member’s own view, and withdraw nobody’s consent', async () => {
  for (const view of OF_MEMBERS) {
    const answer = await send({ path: `/${view}`, headers: { prefer: 'count=exact' } });
    assert.deepEqual([answer.rows, answer.range], [[], '*/0'], view);
  }
  const answer = await send({ path: '/rpc/withdraw_my_consent', method: 'POST', body: {} });
  assert.deepEqual([answer.status, JSON.parse(answer.text).code], [404, 'not_found']);
});

test('a member withdraws for nobody else, and filters open no other record', async () => {
  const before = await one(
    db,
    `select json_agg(m order by m.id) as records from registry.members as m where m.organization_id = $1`,
    [foreign.organization.id],
  );
  const answer = await send({ path: '/rpc/withdraw_my_consent', method: 'POST', body: {}, token: ownMember.token });
  assert.deepEqual(JSON.parse(answer.text), { providers: ['vipps'], number: 'kept' });
  const after = await one(
    db,
    `select json_agg(m order by m.id) as records from registry.members as m where m.organization_id = $1`,
    [foreign.organization.id],
  );
  assert.deepEqual(after, before);
  const revoked = await one(db, 'select count(*)::int as n from registry.identity_links where revoked_at is not null');
  assert.equal(revoked.n, 1, 'the own login alone');
  for (const path of [
    '/my_record?member_external_id=neq.own-filled',
    `/my_record?or=(organization.neq.x,organization.is.null)&organization=neq.${own.organization.slug}`,
    '/my_history?message=ilike.*coordinator*',
  ]) {
    assert.deepEqual((await send({ path, token: ownMember.token })).rows, [], path);
  }
  const theirs = await send({ path: '/my_record', token: foreignMemberToken });
  assert.deepEqual(
    theirs.rows.map((row) => (row as { member_external_id: string }).member_external_id),
    ['foreign-filled'],
  );
});

test('a removed coordinator sees nothing with the next request, with the same token', async () => {
  const leaving = await addCoordinator(db, own.organization);
  const theirs = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, leaving);
  assert.ok((await send({ path: '/open_conflicts', token: theirs })).rows.length > 0);
  await db.pool.query('delete from registry.coordinators where user_id = $1', [leaving]);
  assert.deepEqual((await send({ path: '/open_conflicts', token: theirs })).rows, []);
});

test('a coordinator of both organisations sees both', async () => {
  const both = await addCoordinator(db, own.organization);
  await addCoordinator(db, foreign.organization, both);
  const theirs = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, both);
  const { rows } = await send({ path: '/data_quality?select=organization', token: theirs });
  assert.equal(rows.length, 2);
});
