import assert from 'node:assert/strict';
import pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { createKeyPair } from '../../key-tools/new-keys.ts';
import { findFreePort } from '../../local/free-port.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { checkHorizon } from '../../supabase-check/checks/horizon.ts';
import { runSupabaseCheck } from '../../supabase-check/run-check.ts';
import { startCallback } from '../auth-callback/support/world.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type HostedPooler, startHostedPooler } from '../support/hosted-pooler.ts';
import { onHostedSupabase } from '../support/hosted-supabase.ts';
import { startTestPostgrest } from '../support/postgrest.ts';
import { testKeys } from '../support/samples.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

// A project as hosted Supabase has it, reached through its pooler, with PostgREST behind a gateway and the callback itself. First all is right; then
// one thing after another is made wrong, said in one sentence, and mended.

const VERSION = availableVersions().includes(17) ? 17 : 18;
const API_KEY = 'sb_publishable_sample';
const hosted = onHostedSupabase(VERSION);

let db: TestDatabase;
let pooler: HostedPooler;
let gateway: Gateway;
let usual: Record<string, string>;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  db = parts.use(await createTestDatabase());
  pooler = parts.use(await startHostedPooler(hosted().port, { project: 'abcdefgh', mode: 'session' }));
  const postgrest = parts.use(await startTestPostgrest(db));
  gateway = parts.use(await startGateway(postgrest.url, API_KEY));
  const port = String(await findFreePort());
  const publicUrl = `http://127.0.0.1:${port}`;
  parts.use(await startCallback(db, { PORT: port, PUBLIC_URL: publicUrl }));
  usual = {
    DEPLOYMENT: 'local',
    DATABASE_URL: pooler.urlFor(db.migratorUrl),
    AUTH_CALLBACK_DATABASE_URL: pooler.urlFor(db.urlFor('auth_callback')),
    SYNC_WORKER_DATABASE_URL: pooler.urlFor(db.urlFor('sync_worker')),
    MEMBER_IMPORTER_DATABASE_URL: pooler.urlFor(db.urlFor('member_importer')),
    SUPABASE_URL: gateway.url,
    SUPABASE_ANON_KEY: API_KEY,
    PUBLIC_URL: publicUrl,
    ACCESS_TOKEN_KEYS: testKeys().environment.ACCESS_TOKEN_KEYS,
  };
});
afterAll(() => parts.disposeAsync());

type Outcome = { code: number; out: string; err: string; faults: string[]; notes: string[] };

async function check(changes: Record<string, string> = {}, args: string[] = []): Promise<Outcome> {
  const [said, complained]: [string[], string[]] = [[], []];
  const output = { say: (text: string) => said.push(text), complain: (text: string) => complained.push(text) };
  const code = await runSupabaseCheck(args, { ...usual, ...changes }, output);
  const out = said.join('\n');
  const of = (kind: string) => [...out.matchAll(new RegExp(`^  ${kind} +(.*)$`, 'gm'))].map(([, text = '']) => text);
  return { code, out, err: complained.join('\n'), faults: of('fault'), notes: of('note') };
}

test('a project as it must be: nothing is wrong, everything was looked at in order, and nothing secret is printed', async () => {
  const { code, out, err, faults, notes } = await check();
  assert.deepEqual(faults, []);
  assert.deepEqual([code, err], [0, '']);
  assert.deepEqual(
    [...out.matchAll(/^(\d)\. /gm)].map(([, nth]) => nth),
    ['1', '2', '3', '4', '5', '6', '7', '8', '9'],
  );
  assert.match(out, /DATABASE_URL logs in as postgres, PostgreSQL \d+\.\d+\./);
  assert.deepEqual(notes.map((text) => text.split(' ')[0]).toSorted(), [
    'log_error_verbosity',
    'log_parameter_max_length',
  ]);
  assert.ok(notes.every((text) => text.includes('cannot be changed here')));
  for (const [name, value] of Object.entries(usual).filter(([key]) => /DATABASE_URL|KEY/.test(key))) {
    assert.ok(!out.includes(value), name);
    if (name.endsWith('_URL')) assert.ok(!out.includes(new URL(value).password), name);
  }
  assert.ok(pooler.dropped.has('client_encoding'), 'the pooler has dropped what it drops');
});

test('--database needs nothing of the API, and leaves it out', async () => {
  const none = { SUPABASE_URL: '', SUPABASE_ANON_KEY: '', PUBLIC_URL: '', ACCESS_TOKEN_KEYS: '' };
  const { code, out } = await check(none, ['--database']);
  assert.equal(code, 0);
  assert.doesNotMatch(out, /^[67]\. /m);
  const whole = await check(none);
  assert.equal(whole.code, 2);
  for (const name of Object.keys(none)) assert.match(whole.err, new RegExp(`${name} is missing`));
});

/** Each: what is made wrong in the database, how it is mended, and the one sentence. */
const IN_THE_DATABASE: [wrong: string, mended: string, said: RegExp][] = [
  [
    'alter role postgres nocreaterole',
    'alter role postgres createrole',
    /^postgres may not create roles, .* Use the role postgres of the project\.$/,
  ],
  [
    'grant select on registry.members to auth_callback',
    'revoke select on registry.members from auth_callback',
    /^auth_callback has a privilege on registry\.members\. Run npm run migrate/,
  ],
  [
    'grant usage on schema registry to member_importer',
    'revoke usage on schema registry from member_importer',
    /^member_importer may use schema registry\. Run npm run migrate/,
  ],
  [
    'revoke usage on schema worker from sync_worker',
    'grant usage on schema worker to sync_worker',
    /^sync_worker may not use schema worker\. Run npm run migrate\.$/,
  ],
  [
    'grant anon to sync_worker',
    'revoke anon from sync_worker',
    /^sync_worker is a member of anon\. Run: revoke anon from sync_worker;$/,
  ],
  [
    'alter role auth_callback reset statement_timeout',
    `alter role auth_callback set statement_timeout = '2500ms'`,
    /^auth_callback has no statement_timeout\. Run npm run migrate\.$/,
  ],
  [
    'alter role auth_callback createdb',
    'alter role auth_callback nocreatedb',
    /^auth_callback has an attribute that it must not have\./,
  ],
  [
    'alter schema graphile_worker owner to registry_owner',
    'alter schema graphile_worker owner to queue_owner',
    /^Schema graphile_worker belongs to registry_owner, not to queue_owner\. Run npm run migrate/,
  ],
  [
    'alter publication supabase_realtime add table registry.members',
    'alter publication supabase_realtime drop table registry.members',
    /^A publication sends rows past row security: registry\.members in supabase_realtime\. Take it out/,
  ],
  [
    'alter table audit.events enable trigger _100_refuse_change',
    'alter table audit.events enable always trigger _100_refuse_change',
    /^A guard can be skipped by session_replication_role: _100_refuse_change on audit\.events\. Run npm run migrate\.$/,
  ],
  [
    'grant select on registry.members to service_role',
    'revoke select on registry.members from service_role',
    /^service_role has select on registry\.members\. Run npm run migrate/,
  ],
  [
    'alter default privileges for role registry_owner in schema api grant select on tables to anon',
    'alter default privileges for role registry_owner in schema api revoke select on tables from anon',
    /^New objects would be given away: registry_owner tables to anon\. Take that default privilege back\.$/,
  ],
];

test('twelve things that are wrong in the database are twelve sentences, and none when they are mended', async () => {
  for (const [wrong] of IN_THE_DATABASE) await db.pool.query(wrong);
  const { code, faults } = await check({}, ['--database']);
  for (const [, mended] of IN_THE_DATABASE) await db.pool.query(mended);
  assert.equal(code, 1);
  assertSaid(
    faults,
    IN_THE_DATABASE.map(([, , said]) => said),
  );
  assert.deepEqual((await check({}, ['--database'])).faults, []);
});

/** One sentence for each pattern, and no more. */
function assertSaid(faults: readonly string[], patterns: readonly RegExp[]): void {
  for (const pattern of patterns)
    assert.equal(faults.filter((text) => pattern.test(text)).length, 1, `${pattern} of\n${faults.join('\n')}`);
  assert.equal(faults.length, patterns.length, faults.join('\n'));
}

test('connection strings that lead elsewhere, or nowhere: each is said with its variable and what to do', async () => {
  const { href: otherRole } = new URL(usual.MEMBER_IMPORTER_DATABASE_URL ?? '');
  const { href: wrongPassword } = Object.assign(new URL(usual.SYNC_WORKER_DATABASE_URL ?? ''), {
    password: 'mistaken',
  });
  const { href: noProject } = Object.assign(new URL(usual.SYNC_WORKER_DATABASE_URL ?? ''), { username: 'sync_worker' });
  const direct = db.urlFor('auth_callback');
  const { href: noDatabase } = Object.assign(new URL(db.urlFor('member_importer')), { pathname: '/nowhere' });
  // Each login once, twice over.
  const both: [Record<string, string>, RegExp[]][] = [
    [
      {
        AUTH_CALLBACK_DATABASE_URL: otherRole,
        SYNC_WORKER_DATABASE_URL: wrongPassword,
        MEMBER_IMPORTER_DATABASE_URL: 'postgres://member_importer:x@127.0.0.1:1/postgres',
      },
      [
        /^AUTH_CALLBACK_DATABASE_URL logs in as member_importer\. It has to be auth_callback\.$/,
        /^SYNC_WORKER_DATABASE_URL: the database does not accept the user or the password\. .* wait a minute/,
        /^MEMBER_IMPORTER_DATABASE_URL: the host does not answer \(ECONNREFUSED\)\. .* session mode/,
      ],
    ],
    [
      {
        AUTH_CALLBACK_DATABASE_URL: `${direct}?options=-c%20statement_timeout%3D60000`,
        SYNC_WORKER_DATABASE_URL: noProject,
        MEMBER_IMPORTER_DATABASE_URL: noDatabase,
      },
      [
        /^statement_timeout of auth_callback does not arrive through AUTH_CALLBACK_DATABASE_URL\. Use the direct connection/,
        /^SYNC_WORKER_DATABASE_URL: the pooler knows no such project or user\. .* role\.PROJECT\.$/,
        /^MEMBER_IMPORTER_DATABASE_URL: there is no database of that name\./,
      ],
    ],
  ];
  for (const [changes, said] of both) {
    const { code, out, faults } = await check(changes, ['--database']);
    assertSaid(faults, said);
    assert.equal(code, 1);
    assert.ok(!out.includes('mistaken'));
  }
});

test('passwords that are all wrong are tried once each, so that the pooler does not shut everybody out', async () => {
  const wrong = (url: string) => Object.assign(new URL(url), { password: 'mistaken' }).href;
  await using proxy = await startCountingProxy(wrong(usual.DATABASE_URL ?? ''));
  const at = (name: string) => Object.assign(new URL(wrong(usual[name] ?? '')), { port: new URL(proxy.url).port }).href;
  const names = [
    'DATABASE_URL',
    'AUTH_CALLBACK_DATABASE_URL',
    'SYNC_WORKER_DATABASE_URL',
    'MEMBER_IMPORTER_DATABASE_URL',
  ];
  const { code, faults } = await check(Object.fromEntries(names.map((name) => [name, at(name)])), ['--database']);
  assert.equal(code, 1);
  assert.equal(faults.length, 4);
  assert.equal(proxy.count(), 4);
});

test('a pooler in transaction mode: a fault for whoever migrates and for the worker, no more than a note for the others', async () => {
  await using transaction = await startHostedPooler(hosted().port, { project: 'abcdefgh', mode: 'transaction' });
  const { port } = new URL(transaction.urlFor(usual.DATABASE_URL ?? ''));
  const moved = Object.entries(usual).flatMap(([name, value]) =>
    name.endsWith('DATABASE_URL') ? [[name, Object.assign(new URL(value), { port }).href]] : [],
  );
  const { faults, notes } = await check(Object.fromEntries(moved), ['--database']);
  assert.deepEqual(
    faults.map((text) => text.slice(0, text.indexOf(':'))),
    ['No notification comes back through DATABASE_URL', 'No notification comes back through SYNC_WORKER_DATABASE_URL'],
  );
  assert.deepEqual(
    notes.filter((text) => text.includes('transaction mode')).map((text) => text.split(' ')[0]),
    ['AUTH_CALLBACK_DATABASE_URL', 'MEMBER_IMPORTER_DATABASE_URL'],
  );
});

type ApiCase = { name: string; changes?: Record<string, string>; spoil?: () => void; said: RegExp[] };

/** PostgREST's answers for a schema are replaced by this one. */
const answers = (schema: string, status: number, body: unknown) => () =>
  void gateway.answers.set(schema, { status, body });
const anotherKey = JSON.stringify({ keys: [createKeyPair('ec', { alg: 'ES256', use: 'sig' }).privateKey] });

const OF_THE_API: ApiCase[] = [
  {
    name: 'another schema is exposed, and strangers may sign up, also without a name',
    spoil() {
      answers('registry', 404, { code: 'PGRST205' })();
      gateway.auth = { disable_signup: false, external: { anonymous_users: true } };
    },
    said: [
      /^The API exposes schema registry\. Take it off the list \(Integrations, Data API, Settings, Exposed schemas\)\.$/,
      /^Anybody can sign up .* Switch off "Allow new users to sign up"/,
      /^Anybody is authenticated as an anonymous user/,
    ],
  },
  {
    name: 'api is not exposed',
    spoil: answers('api', 406, { code: 'PGRST106' }),
    said: [
      /^The API does not expose schema api\. Add it to the list/,
      /^The project answers one of our access tokens with PGRST106\./,
    ],
  },
  {
    name: 'the API has not noticed the migration, and Supabase Auth says nothing',
    spoil() {
      answers('api', 404, { code: 'PGRST205' })();
      gateway.auth = undefined;
    },
    said: [
      /^The API does not know the views of schema api yet\. Run .* notify pgrst, 'reload schema';$/,
      /^The project answers one of our access tokens with PGRST205/,
      /could not be read \(404\)\. Look yourself/,
    ],
  },
  {
    name: 'everybody reads rows',
    spoil: answers('api', 200, [{}]),
    said: [/^Schema api answers without a token\./, /^A token of somebody who does not exist reads rows/],
  },
  {
    name: 'the public key is another',
    changes: { SUPABASE_ANON_KEY: 'another' },
    said: [
      /^The API refuses SUPABASE_ANON_KEY \(401\)\. Copy the public key/,
      /^The project answers one of our access tokens with 401\. Look at what is said/,
      /could not be read \(401\)/,
    ],
  },
  {
    name: 'the callback signs with another key',
    changes: { ACCESS_TOKEN_KEYS: anotherKey },
    said: [
      /^The callback signs with another key/,
      /^The project does not take our access tokens \(PGRST301\)\. Add the issuer .* wait 30 minutes\.$/,
    ],
  },
  {
    name: 'the callback is not there',
    changes: { PUBLIC_URL: 'http://127.0.0.1:1' },
    said: [/openid-configuration does not answer \(connection_failed\)\. Start the callback/],
  },
  {
    name: 'there is no API at that address',
    changes: { SUPABASE_URL: 'http://127.0.0.1:1' },
    said: [
      /^SUPABASE_URL does not answer \(connection_failed\)\. Copy it from the dashboard/,
      /^SUPABASE_URL does not answer \(connection_failed\)\.$/,
      /could not be read \(connection_failed\)/,
    ],
  },
];

test.each(OF_THE_API)('of the API: $name', async ({ changes, spoil, said }) => {
  spoil?.();
  try {
    const { code, faults } = await check(changes);
    assertSaid(faults, said);
    assert.equal(code, 1);
  } finally {
    gateway.answers.clear();
    gateway.auth = { disable_signup: true, external: {} };
  }
});

test('an issuer that is spelt otherwise, though it leads to the same callback', async () => {
  const { faults } = await check({ PUBLIC_URL: usual.PUBLIC_URL?.replace('127.0.0.1', 'localhost') ?? '' });
  assertSaid(faults, [
    /says that the issuer is http:\/\/127\.0\.0\.1:\d+\. PUBLIC_URL has to be the same at the callback and here, letter by letter\.$/,
  ]);
});

test('a view that shows rows to a user of Supabase Auth who is nobody here', async () => {
  await db.pool.query('create view api.given_away as select 1 as one; grant select on api.given_away to authenticated');
  try {
    const { faults } = await check();
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? '', /^api\.given_away shows rows to a user of Supabase Auth who is nobody here\./);
  } finally {
    await db.pool.query('drop view api.given_away');
  }
});

test('a transaction that somebody keeps open holds the seal of the audit, and is named by its user', async () => {
  const holder = new pg.Client({ connectionString: db.urlFor('sync_worker') });
  const asker = new pg.Client({ connectionString: db.migratorUrl });
  await Promise.all([holder.connect(), asker.connect()]);
  // Others may be at work at this moment; what is asked is whether the one that is known to be is found.
  const ofWorker = async (patience?: string) =>
    (await checkHorizon(asker, patience)).map(({ text }) => text).filter((text) => text.includes('sync_worker'));
  try {
    assert.deepEqual(await ofWorker('0 seconds'), []);
    await holder.query('begin; select pg_current_xact_id()');
    const [text, ...others] = await ofWorker('0 seconds');
    assert.deepEqual(others, []);
    assert.match(
      text ?? '',
      /^A session of sync_worker holds the server's oldest transaction since \d{4}-\d\d-\d\d \d\d:\d\d UTC: .* End it\.$/,
    );
    assert.deepEqual(await ofWorker(), [], 'an hour is waited for');
  } finally {
    await Promise.all([holder.end(), asker.end()]);
  }
});
