import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, test } from 'vitest';
import { revocationNotice } from '../../../local/identity-provider/withdrawal.ts';
import { isRunning } from '../../../local/is-running.ts';
import { logIn } from '../../../local/scripted-login.ts';
import type { StackFile } from '../../../local/stack/stack-file.ts';
import { bareEnvironment } from '../../support/bare-environment.ts';
import { type LocalProgram, runLocal } from '../../support/start-stack.ts';
import { until } from '../../support/until.ts';
import { theStack } from './the-stack.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

let program: LocalProgram;
let stack: StackFile;

beforeAll(() => {
  program = theStack();
  stack = program.stack();
});

test('stack.json has everything the contract promises, and only its owner can read it', () => {
  const processes = [
    'callback',
    'desk',
    'identity-provider',
    'invoice-service',
    'member-system',
    'postgres',
    'postgrest',
    'worker',
  ];
  assert.deepEqual(Object.keys(stack.pids).sort(), [...processes, 'stack'].sort());
  assert.deepEqual(Object.keys(stack.logs).sort(), processes);
  for (const pid of Object.values(stack.pids)) assert.ok(isRunning(pid));
  for (const log of Object.values(stack.logs)) assert.ok(existsSync(log));
  assert.equal(stack.deployment, 'local');
  assert.deepEqual(Object.keys(stack.databaseUrls).sort(), [
    'auditor',
    'auth_callback',
    'authenticator',
    'member_importer',
    'sync_worker',
  ]);
  assert.deepEqual(
    stack.organizations.map(({ slug }) => slug),
    ['nhf', 'blindeforbundet', 'hlf'],
  );
  const outcomes = ['absent', 'ambiguous', 'confirmed', 'conflict', 'duplicate', 'filled', 'name_mismatch', 'unlinked'];
  for (const { slug } of stack.organizations) {
    const persons = stack.persons.filter(({ organization }) => organization === slug);
    assert.deepEqual([...new Set(persons.map(({ expected }) => expected))].sort(), outcomes);
    for (const provider of ['vipps', 'bankid', 'idporten'] as const) {
      const expected = new Set(persons.filter((person) => person.provider === provider).map((each) => each.expected));
      for (const outcome of ['filled', 'confirmed', 'conflict', 'absent', 'unlinked'] as const) {
        assert.ok(expected.has(outcome), `${slug} ${provider} ${outcome}`);
      }
    }
  }
  assert.deepEqual([...new Set(stack.refusedPersons.map(({ error }) => error))], ['login_failed']);
  assert.equal(statSync(join(program.folder, 'stack.json')).mode & 0o077, 0);
});

test('the app shows the way to the desk', async () => {
  assert.ok((await (await fetch(stack.appUrl)).text()).includes(`href="${stack.deskUrl}"`));
});

test('every address answers', async () => {
  const addresses = [
    stack.appUrl,
    `${stack.callbackUrl}/readyz`,
    `${stack.deskUrl}/readyz`,
    `${stack.callbackUrl}/.well-known/jwks.json`,
    stack.withdrawalUrl,
    `${stack.issuers.vipps}.well-known/openid-configuration`,
    `${stack.issuers.bankid}/.well-known/openid-configuration`,
    `${stack.issuers.idporten}/.well-known/openid-configuration`,
    ...stack.organizations.map(({ memberSystemUrl }) => `${memberSystemUrl}/control`),
  ];
  for (const address of addresses) assert.equal((await fetch(address)).status, 200, address);
});

test('every role can log in to the database', async () => {
  for (const [role, url] of [...Object.entries(stack.databaseUrls), ['postgres', stack.databaseUrl]]) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query('select session_user::text as role');
    await client.end();
    assert.deepEqual(rows, [{ role: role === 'auditor' ? 'auditor_login' : role }]);
  }
});

test('a coordinator’s token opens the api, for the own organisation only', async () => {
  const organization = stack.organizations[0];
  assert.ok(organization);
  const headers = { authorization: `Bearer ${organization.coordinatorToken}` };
  const response = await fetch(`${stack.postgrestUrl}/open_conflicts`, { headers });
  assert.equal(response.status, 200);
});

test('the callback is started without the private key that unseals', {
  skip: !existsSync('/proc/self/environ'),
}, () => {
  const environment = readFileSync(`/proc/${stack.pids.callback}/environ`, 'utf8');
  assert.ok(environment.includes('PERSONNUMMER_SEALING_KEYS='));
  assert.ok(!environment.includes('PERSONNUMMER_UNSEALING_KEYS'));
  const { keys } = JSON.parse(stack.keys.PERSONNUMMER_UNSEALING_KEYS) as { keys: { d: string }[] };
  for (const { d } of keys) assert.ok(!environment.includes(d));
});

test('the identity providers are started without the private keys of the clients that sign', {
  skip: !existsSync('/proc/self/environ'),
}, () => {
  const environment = readFileSync(`/proc/${stack.pids['identity-provider']}/environ`, 'utf8');
  assert.match(environment, /"method":"private_key_jwt"/);
  assert.doesNotMatch(environment, /"d":/);
});

test('each organisation has a webhook for Vipps, which needs its secret', async () => {
  for (const { slug, webhookUrl } of stack.organizations) {
    assert.match(webhookUrl, new RegExp(`^${stack.callbackUrl}/webhooks/${slug}/vipps/[A-Za-z0-9_-]{32}$`));
    const send = (url: string) => fetch(url, { method: 'POST', body: revocationNotice('nobody') });
    assert.equal((await send(webhookUrl)).status, 204);
    assert.equal((await send(`${webhookUrl}x`)).status, 404);
  }
});

test('the app shows the way through a login in plain words', async () => {
  const front = await (await fetch(stack.appUrl)).text();
  assert.match(front, /<a href="\/start\?organization=nhf&amp;person=nhf-filled&amp;provider=vipps">/);
  const start = await fetch(`${stack.appUrl}/start?organization=nhf&person=nhf-unlinked`, { redirect: 'manual' });
  const state = new URL(start.headers.get('location') ?? '').searchParams.get('state');
  const refused = await fetch(`${stack.appUrl}/return?state=${state}&error=member_not_found`);
  assert.match(await refused.text(), /You are not a member yet/);
  assert.equal((await fetch(`${stack.appUrl}/return?state=${state}&code=again`)).status, 400);
});

test('commands for trying something by hand work on the running stack where no database is named', async () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const [script, says, ...words] of [
    ['provider:check', /no faults/, '--provider', 'idporten'],
    ['member-system:check', /does not refuse our credentials/],
    ['drift', /set read_url_template/],
    ['members:import', /the file cannot be read/, 'no-such-file.csv'],
  ] as const) {
    const [, ...parts] = scripts[script]?.split(' ') ?? [];
    const { stdout, stderr } = spawnSync(process.execPath, [...parts, '--organization', 'hlf', ...words], {
      cwd: ROOT,
      env: { ...bareEnvironment(), LOCAL_FOLDER: program.folder },
      encoding: 'utf8',
    });
    assert.match(stderr, /^DATABASE_URL is not set: using the local stack/, script);
    assert.match(stdout + stderr, says);
  }
});

test('a second start in the same folder says that one is running and leaves it alone', async () => {
  const second = runLocal('start', program.folder);
  assert.equal(await second.ended, 1);
  assert.match(second.output(), new RegExp(`already running \\(process ${program.process.pid}\\)`));
  assert.equal((await fetch(`${stack.callbackUrl}/readyz`)).status, 200);
});

test('a program that somebody kills is started again, and stack.json knows', async () => {
  const { worker = 0 } = program.stack().pids;
  process.kill(worker, 'SIGKILL');
  await until('a new worker', () => program.stack().pids.worker !== worker);
  assert.match(program.output(), /worker was killed \(SIGKILL\) and is started again/);
  const returnTo = stack.organizations[2]?.returnTo ?? '';
  const login = {
    callbackUrl: stack.callbackUrl,
    organization: 'hlf',
    provider: 'bankid',
    person: 'hlf-bankid-filled',
    returnTo,
  } as const;
  const held = `${stack.organizations[2]?.memberSystemUrl}/members/HLF-2000`;
  assert.equal((await fetch(held)).status, 404, 'nobody has told it yet');
  assert.equal((await logIn(login)).status, 'logged_in');
  await until('the push', async () => (await fetch(held)).status === 200);
});

test('Ctrl-C stops everything with exit code 0', async () => {
  const pids = Object.values(program.stack().pids);
  program.process.kill('SIGINT');
  assert.equal(await program.ended, 0);
  assert.deepEqual(pids.filter(isRunning), []);
  assert.ok(!existsSync(join(program.folder, 'stack.json')));
});
