import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, test } from 'vitest';
import { createSealingKey } from '../../audit-seal/note.ts';
import { readAuditToolsConfig } from '../../audit-tools/config.ts';
import { readCallbackConfig } from '../../auth-callback/config.ts';
import { readConfigureConfig } from '../../configuration/config.ts';
import { ConfigureError } from '../../configuration/errors.ts';
import { readConfigurationFile } from '../../configuration/read-file.ts';
import { runProgram } from '../../configuration/run-program.ts';
import { readDeskConfig } from '../../coordinator-desk/config.ts';
import { readInvoicesConfig } from '../../invoices/config.ts';
import { readRotationConfig } from '../../key-tools/config.ts';
import { kinds } from '../../key-tools/kinds.ts';
import { createKeyPair, createSecret } from '../../key-tools/new-keys.ts';
import { readImportConfig } from '../../members-import/config.ts';
import { ConfigurationError } from '../../runtime/environment.ts';
import { listen as listenAt } from '../../runtime/http/listen.ts';
import { refuseWrongDatabase, StartRefused } from '../../runtime/start-refused.ts';
import { readConfig as readWorkerConfig } from '../../worker/config.ts';
import { json, metadataOf, startProvider } from '../auth-callback/support/provider.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { clusterUrl, rolePassword } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';
import { inCase } from '../support/in-case.ts';
import { testKeys } from '../support/keys.ts';
import { runNode } from '../support/run-node.ts';
import { json as answerJson, listen } from '../worker/support/listen.ts';

// What an operator can get wrong, one setting at a time: each gives one message with a stable code, which names the setting, says what to
// write, and shows no secret; and the program ends before it serves anybody.

type Environment = Record<string, string>;

const keys = testKeys().environment;
const at = (role: string) => `postgres://${role}:hunter2@db.example.no/registry?sslmode=verify-full`;
const keySet = (...all: unknown[]) => JSON.stringify({ keys: all });
const signing = createKeyPair('ec', { alg: 'ES256' });
const sealing = createKeyPair('x25519');
const short = `v1:${randomBytes(16).toString('base64url')}`;
const secret = createSecret('v1');

const programs: Record<string, { good: Environment; read: (environment: Environment) => unknown }> = {
  callback: {
    good: {
      DATABASE_URL: at('auth_callback'),
      PUBLIC_URL: 'https://login.example.no',
      PERSONNUMMER_SEALING_KEYS: keys.PERSONNUMMER_SEALING_KEYS,
      PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
      ACCESS_TOKEN_KEYS: keys.ACCESS_TOKEN_KEYS,
      TRANSACTION_SECRETS: keys.TRANSACTION_SECRETS,
    },
    read: readCallbackConfig,
  },
  worker: {
    good: {
      DATABASE_URL: at('sync_worker'),
      PERSONNUMMER_UNSEALING_KEYS: keys.PERSONNUMMER_UNSEALING_KEYS,
      PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
      AUDIT_SEALING_KEY: createSealingKey('login.example.no/audit').signingKey,
      AUDIT_CHECKPOINT_FILE: '/var/lib/audit/checkpoints',
    },
    read: readWorkerConfig,
  },
  desk: {
    good: {
      DESK_URL: 'https://desk.example.no',
      CALLBACK_URL: 'https://login.example.no',
      POSTGREST_URL: 'https://api.example.no',
      DESK_ORGANIZATIONS: 'nhf=Norges Handikapforbund; hlf=HLF',
      DESK_COOKIE_KEY: createSecret(),
    },
    read: readDeskConfig,
  },
  'members:import': {
    good: {
      DATABASE_URL: at('member_importer'),
      PERSONNUMMER_SEALING_KEYS: keys.PERSONNUMMER_SEALING_KEYS,
      PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    },
    read: readImportConfig,
  },
  'invoices:issue': { good: { DATABASE_URL: at('member_importer') }, read: readInvoicesConfig },
  configure: { good: { DATABASE_URL: at('postgres') }, read: readConfigureConfig },
  'audit:verify': {
    good: { DATABASE_URL: at('anna'), AUDIT_VERIFIER_KEYS: keys.AUDIT_VERIFIER_KEYS },
    read: (environment) => readAuditToolsConfig(environment, { database: true, keys: true }),
  },
  'keys:rotate': {
    good: { DATABASE_URL: at('postgres'), PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS },
    read: (environment) => readRotationConfig(environment, kinds.index, { database: true, callback: false }),
  },
};

/** Program, the variable, what it is (an empty text: it is missing), and what to write instead. */
const environments: [program: string, variable: string, value: string, write: RegExp][] = [
  ['callback', 'DATABASE_URL', '', /is missing: postgres:\/\/ROLE:PASSWORD@HOST\/DATABASE\?sslmode=verify-full/],
  ['callback', 'DATABASE_URL', 'mysql://auth_callback:hunter2@db.example.no/registry', /must be a postgres:\/\/ URL/],
  [
    'callback',
    'DATABASE_URL',
    'postgres://auth_callback:hunter2@db.example.no/registry',
    /write \?sslmode=verify-full at its end/,
  ],
  [
    'callback',
    'DATABASE_URL',
    `${at('auth_callback')}&sslrootcert=/no/such/file`,
    /a certificate that is not there \(sslrootcert\)/,
  ],
  ['callback', 'PUBLIC_URL', '', /is missing: an https address, such as https:/],
  ['callback', 'PUBLIC_URL', 'login.example.no', /is not an absolute URL/],
  ['callback', 'PUBLIC_URL', 'http://login.example.no', /must be https in this deployment/],
  ['callback', 'PUBLIC_URL', 'https://example.no/login', /without a path: https:\/\/example\.no$/],
  ['callback', 'PUBLIC_URL', 'https://admin:hunter2@login.example.no', /must not hold credentials/],
  ['callback', 'PERSONNUMMER_SEALING_KEYS', '', /is missing: npm run keys:create -- sealing makes it/],
  [
    'callback',
    'PERSONNUMMER_SEALING_KEYS',
    keys.PERSONNUMMER_UNSEALING_KEYS,
    /key 1: is a private key; only public keys belong here/,
  ],
  ['callback', 'PERSONNUMMER_SEALING_KEYS', keySet(sealing.publicKey, sealing.publicKey), /key 2: kid used before/],
  ['callback', 'PERSONNUMMER_SEALING_KEYS', keySet(signing.publicKey), /key 1: alg must be ECDH-ES/],
  ['callback', 'PERSONNUMMER_INDEX_SECRETS', '', /is missing: npm run keys:create -- index makes it/],
  ['callback', 'PERSONNUMMER_INDEX_SECRETS', short, /secret 1: has fewer than 32 bytes/],
  [
    'callback',
    'PERSONNUMMER_INDEX_SECRETS',
    `v1:${Buffer.alloc(32, 7).toString('base64url')}`,
    /obviously weak; take random bytes/,
  ],
  [
    'callback',
    'PERSONNUMMER_INDEX_SECRETS',
    `${createSecret('v1')},${createSecret('v1')}`,
    /secret 2: version used before/,
  ],
  [
    'callback',
    'PERSONNUMMER_INDEX_SECRETS',
    `v2:${secret.slice(3)},${secret}`,
    /secret 2: same bytes as an earlier version/,
  ],
  [
    'callback',
    'PERSONNUMMER_INDEX_SECRETS',
    'hunter2-hunter2-hunter2-hunter2-hunter2',
    /is not of the form v1:base64url/,
  ],
  [
    'callback',
    'TRANSACTION_SECRETS',
    keys.PERSONNUMMER_INDEX_SECRETS,
    /has a secret of PERSONNUMMER_INDEX_SECRETS, and needs its own: npm run keys:create/,
  ],
  ['callback', 'ACCESS_TOKEN_KEYS', keySet(signing.publicKey), /key 1: has no private part/],
  ['callback', 'ACCESS_TOKEN_KEYS', keySet(sealing.privateKey), /key 1: kty must be EC and crv P-256/],
  ['callback', 'ACCESS_TOKEN_KEYS', 'v1:hunter2', /is not JSON of the form \{"keys":\[\.\.\.\]\}/],
  ['callback', 'OIDC_WEBHOOK_SECRET_NHF', 'hunter2', /must have at least 16 characters/],
  ['callback', 'TRUSTED_PROXY_DEPTH', 'one', /must be a whole number from 0 to 10/],
  ['callback', 'RATE_STARTS', '0', /must be a whole number from 1 to/],
  ['callback', 'PORT', '70000', /must be a whole number from 0 to 65535/],
  ['callback', 'DEPLOYMENT', 'prod', /must be one of production, test, local/],
  ['callback', 'LOG_LEVEL', 'loud', /must be one of fatal, error, warn, info/],
  ['callback', 'METRICS_TOKEN', 'hunter2', /must be 32 to 200 characters/],
  ['callback', 'ERASURE_LEDGER', 'http://ledger.example.no', /must be https in this deployment/],
  ['callback', 'ERASURE_LEDGER_TOKEN', 'hunter2', /must be 32 to 200 characters/],
  ['worker', 'PERSONNUMMER_UNSEALING_KEYS', keys.PERSONNUMMER_SEALING_KEYS, /key 1: has no private part/],
  [
    'worker',
    'PERSONNUMMER_UNSEALING_KEYS',
    keySet({ ...sealing.privateKey, d: createKeyPair('x25519').privateKey.d }),
    /key 1: cannot be used for key agreement/,
  ],
  ['worker', 'PERSONNUMMER_INDEX_SECRETS', '', /is missing: the same as the callback has/],
  ['worker', 'AUDIT_SEALING_KEY', 'PRIVATE+KEY+login.example.no/audit+00000000+AAAA', /key 1 is no Ed25519/],
  ['worker', 'AUDIT_SEALING_KEY', '', /is missing: npm run keys:create -- audit NAME makes it/],
  [
    'worker',
    'AUDIT_CHECKPOINT_FILE',
    '',
    /is missing: a file on a disk that the backup of the database does not bring back/,
  ],
  ['worker', 'WORKER_CONCURRENCY', 'many', /must be a whole number from 1 to 100/],
  ['worker', 'GRAPHILE_PREPARED_STATEMENTS', 'no', /must be one of true, false/],
  ['desk', 'DESK_URL', 'https://example.no/desk', /without a path: https:\/\/example\.no$/],
  [
    'desk',
    'CALLBACK_URL',
    'https://login.example.no/callback/nhf/staff',
    /without a path: https:\/\/login\.example\.no$/,
  ],
  ['desk', 'DESK_ORGANIZATIONS', 'Norges Handikapforbund', /must be of the form "slug=Name; slug=Name"/],
  ['desk', 'DESK_ORGANIZATIONS', 'nhf=NHF; nhf=Norges Handikapforbund', /names an organisation twice/],
  ['desk', 'DESK_COOKIE_KEY', '', /is missing: npm run keys:create -- transaction makes one of its form/],
  ['members:import', 'IMPORT_THREADS', '0', /must be a whole number from 1 to 64/],
  ['members:import', 'PERSONNUMMER_SEALING_KEYS', '', /is missing: the same as the callback has/],
  [
    'invoices:issue',
    'DATABASE_URL',
    'postgres://member_importer:hunter2@10.0.0.7/x?sslmode=require',
    /write \?sslmode=verify-full/,
  ],
  ['configure', 'DATABASE_URL', '', /is missing: postgres:\/\//],
  [
    'audit:verify',
    'AUDIT_VERIFIER_KEYS',
    '',
    /is missing: the public key that npm run keys:create -- audit NAME printed/,
  ],
  [
    'audit:verify',
    'AUDIT_VERIFIER_KEYS',
    'login.example.no/audit',
    /is no verifier key, such as NAME\+8 hex digits\+base64/,
  ],
  ['keys:rotate', 'PERSONNUMMER_INDEX_SECRETS', '', /is missing: as the programs have it now/],
];

describe('a variable', () => {
  for (const [name, { good, read }] of Object.entries(programs)) {
    test(`the good environment of ${name} has no fault, and an empty one names all that is missing`, () => {
      read(good);
      assert.throws(() => read({}), ConfigurationError);
    });
  }

  for (const [program, variable, value, write] of environments) {
    test(`${program}: ${variable} ${value === '' ? 'is missing' : write.source}`, () => {
      const { good, read } = programs[program] as (typeof programs)[string];
      const error = thrownBy(() => read({ ...good, [variable]: value }));
      assert.ok(error instanceof ConfigurationError);
      assert.deepEqual(
        [error.code, error.faults.length, error.faults[0]?.name],
        ['configuration_invalid', 1, variable],
      );
      assert.match(error.faults[0]?.why ?? '', write);
      // A short one may stand in any sentence.
      if (value.length > 7) assert.ok(!error.message.includes(value), 'the value is not repeated');
      assert.doesNotMatch(error.message, /hunter2/);
    });
  }

  test('an address of PostgREST beside one of Supabase is one too many, and Supabase has a key', () => {
    const { good, read } = programs.desk as (typeof programs)[string];
    const supabase = { ...good, SUPABASE_URL: 'https://project.supabase.co' };
    const twice = thrownBy(() => read({ ...supabase, SUPABASE_ANON_KEY: 'public' }));
    assert.match(String(twice), /POSTGREST_URL is one too many beside SUPABASE_URL/);
    const alone = { ...supabase, POSTGREST_URL: '' };
    assert.match(
      String(thrownBy(() => read(alone))),
      /SUPABASE_ANON_KEY is missing: the public key of the Supabase project/,
    );
  });
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

const goodFile = `organizations:
  - slug: nhf
    name: Norges Handikapforbund
    return_to: [https://nhf.no/logged-in]
    retention: 1 year
    providers:
      vipps:
        issuer: https://api.vipps.no/access-management-1.0/access/
        client_id: nhf
        client_secret_env: OIDC_VIPPS_NHF
        scopes: [openid, nin]
        personnummer_scope: nin
    member_system:
      url_template: https://members.nhf.no/{external_id}
      auth: bearer
      secret_env: MEMBER_SYSTEM_NHF
    apps:
      - { client_id: desk, name: Desk, audience: coordinators, redirect_uris: [https://desk.nhf.no/signed-in] }
    coordinators:
      - { email: berit@nhf.no, name: Berit }
`;

/** What stands there, what is written in its place, the line of the fault, and its sentence. */
const files: [good: string, wrong: string, line: number, says: RegExp][] = [
  ['slug: nhf', 'slug: NHF', 2, /slug must be 2 to 40 small letters/],
  ['name: Norges Handikapforbund', 'title: NHF', 2, /name is missing|title is unknown/],
  [
    'https://nhf.no/logged-in',
    'http://nhf.no/logged-in',
    4,
    /return_to\[0\] is no address that a login may return to: https/,
  ],
  ['retention: 1 year', 'retention: a year', 5, /retention is no length of time, such as "90 days"/],
  ['      vipps:', '      Vipps:', 7, /providers\.Vipps is unknown/],
  ['https://api.vipps.no', 'http://api.vipps.no', 8, /issuer must be an https address/],
  ['client_id: nhf', '# client_id', 7, /client_id is missing/],
  [
    'client_secret_env: OIDC_VIPPS_NHF',
    'client_secret_env: hunter2-of-vipps',
    10,
    /must be the name of an environment variable that begins with OIDC_/,
  ],
  [
    'client_secret_env: OIDC_VIPPS_NHF',
    'client_secret_env: MEMBER_SYSTEM_NHF',
    10,
    /begins with OIDC_, never the secret itself/,
  ],
  ['scopes: [openid, nin]', 'scopes: [openid]', 12, /personnummer_scope must be one of scopes/],
  ['https://members.nhf.no/', 'http://members.nhf.no/', 14, /url_template must be an https address/],
  ['{external_id}', '{personnummer}', 14, /must not hold the number: addresses are logged/],
  ['auth: bearer', 'auth: token', 15, /auth must be one of none, basic, bearer/],
  ['secret_env: MEMBER_SYSTEM_NHF', '# no secret', 13, /secret_env is missing: kind http with auth bearer needs it/],
  ['audience: coordinators', 'audience: staff', 18, /audience must be one of members, coordinators/],
  ['email: berit@nhf.no', 'email: berit', 20, /email is no e-mail address/],
  ['{ email: berit@nhf.no, name: Berit }', '{ name: Berit }', 20, /needs email, or issuer and subject, or user_id/],
];

describe('a line of the configuration file', () => {
  test('the good file has no fault', () => {
    assert.equal(readConfigurationFile(goodFile, false).organizations.length, 1);
  });

  for (const [good, wrong, line, says] of files) {
    test(`${good.trim()} -> ${wrong.trim()}`, () => {
      assert.ok(goodFile.includes(good));
      const faults = faultsOf(goodFile.replace(good, wrong));
      assert.match(faults[0] ?? '', new RegExp(`^line ${line}: `));
      assert.match(faults.join('\n'), says);
      assert.doesNotMatch(faults.join('\n'), /hunter2/);
    });
  }

  test('an organisation that stands there twice is told once, where it stands again', () => {
    const again = '  - { slug: nhf, name: Again }\n';
    assert.deepEqual(faultsOf(goodFile + again), ['line 21: organizations[1].slug stands here for the second time']);
  });
});

function faultsOf(text: string): string[] {
  const error = thrownBy(() => readConfigurationFile(text, false));
  assert.ok(error instanceof ConfigureError);
  assert.equal(error.code, 'file_invalid');
  return error.message.split('\n');
}

test('npm run configure -- --plan --try: what can only be seen by asking, one fault for each organisation', async () => {
  await using db = await createTestDatabase();
  await using fine = await startProvider();
  await using slow = await startProvider();
  slow.respond.set('/.well-known/openid-configuration', (_, response) => {
    response.setHeader('date', new Date(Date.now() + 300_000).toUTCString());
    json(response, 200, metadataOf(slow.issuer));
  });
  await using strict = await startProvider();
  strict.respond.set('/token', (_, response) => json(response, 401, { error: 'invalid_client' }));
  await using foreign = await startProvider();
  foreign.metadata = (whole) => ({ ...whole, issuer: 'https://another.example.no/' });
  await using memberSystem = await listen((request, response) =>
    answerJson(response, request.headers.authorization === 'Bearer right' ? 404 : 401, {}),
  );
  const unreachable = 'http://127.0.0.1:9/';
  const wrong: [slug: string, issuer: string, secretEnv: string, says: RegExp][] = [
    [
      'unreachable',
      unreachable,
      'OIDC_THERE',
      /discovery at http:\/\/127\.0\.0\.1:9\/ failed: provider_connection_failed/,
    ],
    ['another-issuer', foreign.issuer, 'OIDC_THERE', /names another issuer \(provider_issuer_mismatch\)/],
    ['no-secret', fine.issuer, 'OIDC_NOT_THERE', /the variable OIDC_NOT_THERE is not set here/],
    [
      'wrong-secret',
      strict.issuer,
      'OIDC_THERE',
      /does not take our client \(invalid_client\): client_id, what OIDC_THERE holds/,
    ],
    ['wrong-clock', slow.issuer, 'OIDC_THERE', /this machine's clock is \d+ seconds behind the provider's/],
  ];
  const organization = (slug: string, issuer: string, secretEnv: string, memberSecret: string) => `  - slug: ${slug}
    name: ${slug}
    return_to: [http://127.0.0.1/return]
    providers: { vipps: { issuer: "${issuer}", client_id: c, client_secret_env: ${secretEnv}, scopes: [openid] } }
    member_system: { url_template: "${memberSystem.url}/{external_id}", auth: bearer, secret_env: ${memberSecret} }
`;
  const file = join(tmpdir(), `${randomUUID()}.yaml`);
  const all = wrong.map(([slug, issuer, secretEnv]) => organization(slug, issuer, secretEnv, 'MEMBER_SYSTEM_RIGHT'));
  all.push(organization('refused', fine.issuer, 'OIDC_THERE', 'MEMBER_SYSTEM_WRONG'));
  all.push(organization('secretless', fine.issuer, 'OIDC_THERE', 'MEMBER_SYSTEM_NOT_THERE'));
  await writeFile(file, `organizations:\n${all.join('')}`);
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const environment = {
    ...{ ...bareEnvironment(), DEPLOYMENT: 'local', DATABASE_URL: db.ownerUrl, PUBLIC_URL: 'http://localhost:8080' },
    ...{ OIDC_THERE: 'hunter2', MEMBER_SYSTEM_RIGHT: 'right', MEMBER_SYSTEM_WRONG: 'hunter2' },
  };
  assert.equal(await runProgram(['--plan', '--try', file], environment, { say, complain: say }), 1);
  const text = said.join('\n');
  const about = (start: string) => text.slice(text.indexOf(start)).split(/\n(?=\S+ (?:vipps|member system):)/)[0] ?? '';
  for (const [slug, , , says] of wrong) {
    const part = about(`${slug} vipps:`);
    assert.match(part, says, slug);
    assert.match(part, /\n1 fault$/m, slug);
    assert.doesNotMatch(about(`${slug} member system:`), /failed/);
  }
  assert.match(about('refused vipps:'), /no faults/);
  assert.match(about('refused member system:'), /failed {2}.*http_401/);
  assert.match(about('secretless member system:'), /failed {2}our credentials are there: secret_missing/);
  assert.doesNotMatch(text, /hunter2/);
  assert.equal((await db.pool.query('select from registry.organizations')).rowCount, 0, 'nothing was changed');
});

test('the database is another one than it should be, or the role is', async () => {
  await using db = await createTestDatabase();
  const cluster = new URL(clusterUrl());
  const url = (role: string, database: string, password = rolePassword(clusterUrl(), role)) => {
    const made = new URL(cluster);
    Object.assign(made, { username: role, password, pathname: `/${database}` });
    return made.href;
  };
  const wrong: [url: string, code: string, says: RegExp][] = [
    [url('auth_callback', db.name, 'hunter2'), 'database_login_refused', /does not take this role with this password/],
    [url('nobody_of_this_name', db.name, 'hunter2'), 'database_login_refused', /does not take this role/],
    [url('auth_callback', 'no_such_database'), 'database_unknown', /there is no database of this name on that server/],
    [
      url('auth_callback', 'postgres'),
      'database_not_migrated',
      /no schema login; run npm run migrate, or name another database/,
    ],
    [url('sync_worker', db.name), 'database_role_unexpected', /logs in as auth_callback, and not as sync_worker/],
    [db.ownerUrl, 'database_role_unexpected', /logs in as auth_callback, and not as/],
  ];
  for (const [connectionString, code, says] of wrong) {
    await inCase(code, async () => {
      const pool = new pg.Pool({ connectionString, max: 1 });
      try {
        const error = await refuseWrongDatabase(pool, { role: 'auth_callback', schema: 'login' }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.ok(error instanceof StartRefused);
        assert.equal(error.code, code);
        assert.match(error.message, /^DATABASE_URL: /);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /hunter2/);
      } finally {
        await pool.end();
      }
    });
  }
  const right = db.poolFor('auth_callback');
  await refuseWrongDatabase(right, { role: 'auth_callback', schema: 'login' });
  const away = new pg.Pool({ connectionString: 'postgres://auth_callback:x@127.0.0.1:9/x', max: 1 });
  await refuseWrongDatabase(away, { role: 'auth_callback', schema: 'login' });
  await away.end();
});

test('a port that is taken, and an address that this machine has not, are told', async () => {
  const busy = createServer();
  await listenAt(busy, '127.0.0.1', 0);
  const { port } = busy.address() as AddressInfo;
  const refused = async (host: string, at: number) => {
    const error = await listenAt(createServer(), host, at, 'WORKER_PORT').then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof StartRefused);
    return `${error.code}: ${error.message}`;
  };
  assert.equal(
    await refused('127.0.0.1', port),
    'address_in_use: WORKER_PORT: another program listens there already; take another port',
  );
  assert.match(await refused('192.0.2.1', 0), /^address_not_ours: HOST: this machine has no such address; 0\.0\.0\.0 /);
  busy.close();
});

test('the programs themselves end with 1 and one line, before they listen', async () => {
  await using db = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'wrong-settings-'));
  const busy = createServer();
  await listenAt(busy, '127.0.0.1', 0);
  const port = String((busy.address() as AddressInfo).port);
  const { AUDIT_SEALING_KEY } = keys;
  const callback: Environment = {
    ...{
      ...programs.callback?.good,
      DEPLOYMENT: 'local',
      PUBLIC_URL: 'http://localhost:1',
      HOST: '127.0.0.1',
      PORT: '0',
    },
    DATABASE_URL: db.urlFor('auth_callback'),
  };
  const worker: Environment = {
    ...{ ...programs.worker?.good, DEPLOYMENT: 'local', AUDIT_SEALING_KEY, DATABASE_URL: db.urlFor('sync_worker') },
    AUDIT_CHECKPOINT_FILE: join(folder, 'checkpoints'),
  };
  const desk: Environment = { ...(programs.desk?.good ?? {}), HOST: '127.0.0.1', PORT: '0' };
  const wrong: [file: string, environment: Environment, code: string, says: RegExp][] = [
    [
      'auth-callback/main.ts',
      { ...callback, TRUSTED_PROXY_DEPTH: 'one' },
      'configuration_invalid',
      /TRUSTED_PROXY_DEPTH must be a whole number/,
    ],
    [
      'auth-callback/main.ts',
      { ...callback, DATABASE_URL: db.urlFor('sync_worker') },
      'database_role_unexpected',
      /DATABASE_URL: this program logs in as auth_callback/,
    ],
    [
      'auth-callback/main.ts',
      { ...callback, ERASURE_LEDGER: join(folder, 'ledger') },
      'erasure_ledger_unreachable',
      /\(ERASURE_LEDGER\) cannot be reached \(ENOENT\)/,
    ],
    [
      'auth-callback/main.ts',
      { ...callback, PORT: port },
      'address_in_use',
      /PORT: another program listens there already/,
    ],
    [
      'worker/main.ts',
      { ...worker, AUDIT_CHECKPOINT_FILE: join(folder, 'missing', 'x') },
      'checkpoint_file_unusable',
      /AUDIT_CHECKPOINT_FILE: .*ENOENT.*make the folder/,
    ],
    [
      'coordinator-desk/main.ts',
      { ...desk, DESK_URL: 'http://desk.example.no' },
      'configuration_invalid',
      /DESK_URL must be https/,
    ],
  ];
  try {
    await Promise.all(
      wrong.map(async ([file, environment, code, says]) => {
        const { exitCode, output } = await runNode([file], environment);
        await inCase(`${file} ${code}`, () => {
          assert.equal(exitCode, 1, output);
          const lines = output
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
          const [{ level, code: own, err, msg }] = lines;
          assert.deepEqual([lines.length, level, own ?? err.code], [1, 'fatal', code], output);
          assert.match(msg, says);
          assert.doesNotMatch(output, /hunter2|"listening"/);
          if (code === 'configuration_invalid')
            assert.equal(err, undefined, 'each fault is said once, without a stack');
        });
      }),
    );
    const { exitCode, output } = await runNode(['db/migrate.ts'], {});
    assert.equal(exitCode, 1);
    assert.match(output, /^migrate: configuration_invalid: .*DATABASE_URL is missing: postgres:\/\/ROLE/);
  } finally {
    busy.close();
  }
});
