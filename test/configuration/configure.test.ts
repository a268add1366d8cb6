import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { runProgram } from '../../configuration/run-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { begin } from '../support/waiting.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db[Symbol.asyncDispose]());

const FILE = `organizations:
  - slug: nhf
    name: Norges Handikapforbund
    return_to: [https://app.nhf.example/return]
    retention: 2 years
    providers:
      vipps:
        issuer: https://provider.example/
        client_id: nhf
        client_secret_env: OIDC_VIPPS_NHF_CLIENT_SECRET
        scopes: [openid, nin]
        authorization_params: { market: "NO" }
    member_system:
      url_template: https://members.example/{external_id}
      auth: bearer
      secret_env: MEMBER_SYSTEM_NHF_TOKEN
    apps:
      - { client_id: nhf-app, name: App, redirect_uris: ["no.nhf.app:/signed-in"] }
    coordinators:
      - { email: kari@nhf.example, name: Kari Nordmann }
  - slug: hlf
    name: HLF
`;
type Organization = Record<string, unknown> & {
  providers: { vipps: Record<string, unknown> };
  coordinators: Record<string, unknown>[];
};
/** The file with something changed in its first organisation. */
function changed(change: (organization: Organization) => void): string {
  const file = parse(FILE);
  change(file.organizations[0]);
  return stringify(file);
}

/** `npm run configure` with a file; `answer` is what the person says. */
async function run(text: string, words: string[] = [], ask?: () => Promise<boolean>) {
  const file = join(tmpdir(), `${randomUUID()}.yaml`);
  await writeFile(file, text);
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const terminal = { say, complain: say, ...(ask === undefined ? {} : { ask }) };
  const code = await runProgram([...words, file], { DATABASE_URL: db.migratorUrl }, terminal);
  return { code, said: said.join('\n') };
}

const events = async () =>
  (
    await db.pool.query<{ slug: string; detail: Record<string, unknown> }>(
      `select g.slug, e.detail from audit.events as e join registry.organizations as g on g.id = e.organization_id
       where e.event = 'configuration_changed' order by e.id`,
    )
  ).rows;

test('a file is shown, carried out, and then nothing differs; each row is an audit event', async () => {
  const plan = await run(FILE, ['--plan']);
  assert.equal(plan.code, 3);
  assert.match(plan.said, /^nhf\n {2}\+ organisation Norges Handikapforbund\n {6}slug: nhf\n/);
  assert.match(plan.said, / {2}\+ provider vipps\n[\s\S]* {6}authorization_params: \{"market":"NO"\}/);
  assert.equal((await db.pool.query('select from registry.organizations')).rowCount, 0, 'a plan changes nothing');

  assert.deepEqual(await run(FILE, ['--yes']).then(({ code, said }) => [code, said.split('\n').at(-1)]), [
    0,
    '6 rows changed',
  ]);
  assert.deepEqual(await run(FILE, ['--yes']), { code: 0, said: 'nothing to change' });
  assert.deepEqual(await run(FILE, ['--plan']), { code: 0, said: 'nothing to change' });
  const { rows } = await db.pool.query(
    `select g.slug, g.retention::text, p.scopes, p.enabled, s.timeout_ms, c.state, c.email
     from registry.organizations as g join registry.identity_providers as p on p.organization_id = g.id
     join sync.member_systems as s on s.organization_id = g.id join registry.coordinators as c on c.organization_id = g.id`,
  );
  assert.deepEqual(rows, [
    {
      slug: 'nhf',
      retention: '2 years',
      scopes: ['openid', 'nin'],
      enabled: true,
      timeout_ms: 10_000,
      state: 'invited',
      email: 'kari@nhf.example',
    },
  ]);
  const written = await events();
  assert.deepEqual(
    written.map(({ slug, detail }) => `${slug} ${detail.table} ${detail.change}`),
    [
      'nhf registry.organizations add',
      'nhf registry.identity_providers add',
      'nhf sync.member_systems add',
      'nhf registry.oauth_clients add',
      'nhf registry.coordinators add',
      'hlf registry.organizations add',
    ].map((line) => line.replace('add', 'added')),
  );
  assert.ok(!JSON.stringify(written).includes('kari@'), 'an address is not for the audit');
});

test('what was changed by hand is a difference, with both values; the same value in other words is none', async () => {
  await run(FILE, ['--yes']);
  await db.pool.query('update sync.member_systems set timeout_ms = 2000, rate_per_second = 5');
  await db.pool.query(`update registry.identity_providers set enabled = false`);
  const plan = await run(FILE.replace('2 years', '24 months'), ['--plan']);
  assert.equal(plan.code, 3);
  assert.equal(
    plan.said,
    `nhf
  ~ provider vipps
      enabled: false -> true
  ~ member system
      timeout_ms: 2000 -> 10000
      rate_per_second: 5 -> (none)
nothing was changed`,
  );
  assert.equal((await run(FILE, ['--yes'])).code, 0);
  assert.deepEqual((await db.pool.query('select timeout_ms, rate_per_second from sync.member_systems')).rows, [
    { timeout_ms: 10_000, rate_per_second: null },
  ]);
  assert.deepEqual((await events()).at(-1)?.detail, {
    table: 'sync.member_systems',
    change: 'changed',
    row: '',
    columns: ['rate_per_second', 'timeout_ms'],
  });
});

test('what the file does not have stays, and goes with --prune; an organisation never goes', async () => {
  await run(FILE, ['--yes']);
  const less =
    'organizations:\n  - { slug: nhf, name: Norges Handikapforbund, return_to: ["https://app.nhf.example/return"], retention: 2 years }\n';
  const stays = await run(less, ['--yes']);
  assert.equal(stays.code, 0);
  assert.match(stays.said, / {2}- coordinator kari@nhf.example: not in the file; stays \(--prune removes it\)/);
  assert.match(stays.said, /hlf\n {2}- organisation hlf: not in the file; an organisation is never removed/);
  assert.equal((await db.pool.query('select from registry.coordinators')).rowCount, 1);
  assert.equal((await run(less, ['--yes', '--prune'])).code, 0);
  const { rows } = await db.pool.query(
    `select (select count(*)::int from registry.organizations) as organizations, (select count(*)::int from registry.identity_providers) as providers,
       (select count(*)::int from sync.member_systems) as systems, (select count(*)::int from registry.oauth_clients) as apps,
       (select count(*)::int from registry.coordinators) as coordinators`,
  );
  assert.deepEqual(rows, [{ organizations: 2, providers: 0, systems: 0, apps: 0, coordinators: 0 }]);
});

test('an invited coordinator who has signed in is the same one; an invitation that has run out is made anew', async () => {
  await run(FILE, ['--yes']);
  await db.pool.query(`update registry.coordinators set invited_at = now() - interval '31 days'`);
  const again = await run(FILE.replace('kari@nhf', 'Kari@NHF'), ['--plan']);
  assert.match(again.said, /~ coordinator kari@nhf.example\n[\s\S]*invited_at: .* -> now/);
  await run(FILE, ['--yes']);
  assert.equal(
    (await db.pool.query(`select from registry.coordinators where invited_at > now() - interval '1 minute'`)).rowCount,
    1,
  );
  await db.pool.query(
    `update registry.coordinators set issuer = 'https://staff.example', subject = 's', language = 'nn'`,
  );
  assert.deepEqual(await run(FILE, ['--yes']), { code: 0, said: 'nothing to change' });
  const named = changed(({ coordinators }) =>
    coordinators.splice(0, 1, { email: 'kari@nhf.example', name: 'Kari N.' }),
  );
  assert.match((await run(named, ['--yes'])).said, /name: Kari Nordmann -> Kari N\./);
});

test('who is named by a login or a Supabase user is a coordinator at once; a key of the desk stays', async () => {
  const userId = randomUUID();
  const file = changed((organization) => {
    organization.coordinators = [{ user_id: userId }, { issuer: 'https://staff.example', subject: 's', name: 'Ola' }];
    organization.member_system = { kind: 'worklist' };
  });
  await run(file, ['--yes']);
  const { rows } = await db.pool.query(
    'select state, user_id = $1 as given from registry.coordinators order by state::text',
    [userId],
  );
  assert.deepEqual(rows, [
    { state: 'bound', given: false },
    { state: 'by_user_id', given: true },
  ]);
  await db.pool.query(`update sync.member_systems set receiver_key = '{"kty": "OKP", "kid": "k", "x": "abc"}'`);
  assert.deepEqual(await run(file, ['--yes']), { code: 0, said: 'nothing to change' });
});

test('what the database refuses changes nothing at all, and is said', async () => {
  const doubled = changed((organization) => {
    organization.capture_basis = 'x'.repeat(10);
    organization.retention = '5000000000 years';
  });
  const { code, said } = await run(doubled, ['--yes']);
  assert.equal(code, 1);
  assert.match(said, /configure: database_refused: interval field value out of range.*; nothing was changed/);
  assert.equal((await db.pool.query('select from registry.organizations')).rowCount, 0);
});

test('a row that changes while the person decides is looked at again', async () => {
  await run(FILE, ['--yes']);
  const file = FILE.replace('name: App', 'name: The app');
  const { code, said } = await run(file, [], async () => {
    await db.pool.query('update sync.member_systems set timeout_ms = 2000');
    return true;
  });
  assert.equal(code, 1);
  assert.match(said, /changed_meanwhile/);
  assert.equal((await db.pool.query(`select from registry.oauth_clients where name = 'App'`)).rowCount, 1);
  const no = await run(file, [], async () => false);
  assert.deepEqual([no.code, no.said.split('\n').at(-1)], [1, 'nothing was changed']);
  assert.match((await run(file)).said, /not_confirmed: nobody is there to ask/);
});

test('nobody waits for a lock while the person decides', async () => {
  await run(FILE, ['--yes']);
  const { code } = await run(FILE.replace('name: App', 'name: The app'), [], async () => {
    await using other = await begin(db);
    await other.query('lock table registry.organizations, registry.oauth_clients in access exclusive mode nowait');
    await other.query('rollback');
    return true;
  });
  assert.equal(code, 0);
});
