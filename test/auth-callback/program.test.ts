import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'vitest';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase } from '../support/database.ts';
import { addOrganization, addProvider, testKeys } from '../support/samples.ts';
import { until } from '../support/until.ts';
import { startProvider } from './support/provider.ts';

type Program = { child: ChildProcess; output: () => string };

function startProgram(environment: Record<string, string>): Program {
  const child = spawn(process.execPath, ['auth-callback/main.ts'], {
    env: { ...bareEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += data));
  return { child, output: () => output };
}

async function listeningPort(child: ChildProcess, output: () => string): Promise<string> {
  await until('the program listening', () => {
    assert.equal(child.exitCode, null, output());
    return output().includes('"listening"');
  });
  return /"port":([0-9]+)/.exec(output())?.[1] ?? '';
}

test('the program starts, answers, and stops on SIGTERM', async () => {
  await using db = await createTestDatabase();
  const { PERSONNUMMER_UNSEALING_KEYS: _, ...keys } = testKeys().environment;
  const { child, output } = startProgram({
    ...{ DEPLOYMENT: 'local', DATABASE_URL: db.urlFor('auth_callback'), PUBLIC_URL: 'http://localhost:1', ...keys },
    HOST: '127.0.0.1',
    PORT: '0',
  });
  const exited = once(child, 'exit');
  const port = await listeningPort(child, output);
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('a request under way when the program is told to stop gets its answer', async () => {
  await using db = await createTestDatabase();
  await using provider = await startProvider();
  const organization = await addOrganization(db, { return_to: ['https://app.example/return'] });
  await addProvider(db, organization, { issuer: provider.issuer });
  const { PERSONNUMMER_UNSEALING_KEYS: _, ...keys } = testKeys().environment;
  const { child, output } = startProgram({
    ...{ DEPLOYMENT: 'local', DATABASE_URL: db.urlFor('auth_callback'), PUBLIC_URL: 'http://localhost:1', ...keys },
    HOST: '127.0.0.1',
    PORT: '0',
    OIDC_TEST_CLIENT_SECRET: 'secret',
  });
  const exited = once(child, 'exit');
  const port = await listeningPort(child, output);
  const path = '/.well-known/openid-configuration';
  const asked = new Promise<() => void>((resolve) => {
    provider.respond.set(path, (_, response) => resolve(() => void response.writeHead(500).end()));
  });
  const query = new URLSearchParams({
    ...{ return_to: 'https://app.example/return', state: 'some state' },
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });
  const answer = fetch(`http://127.0.0.1:${port}/login/${organization.slug}/vipps?${query}`, { redirect: 'manual' });
  const release = await asked;
  child.kill('SIGTERM');
  await until('readiness withdrawn', () => output().includes('"readiness"'));
  const refused = () =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      () => false,
      () => true,
    );
  await until('nothing new is taken', refused);
  release();
  assert.equal((await answer).status, 302);
  assert.deepEqual(await exited, [0, null]);
});

test('in production the program does not start with a faulty configuration, and names every fault', async () => {
  const { child, output } = startProgram({ PUBLIC_URL: 'http://login.example.no', TRANSACTION_SECRETS: 'v1:c2VjcmV0' });
  assert.deepEqual(await once(child, 'exit'), [1, null]);
  for (const name of ['DATABASE_URL', 'PUBLIC_URL', 'TRANSACTION_SECRETS', 'ACCESS_TOKEN_KEYS']) {
    assert.ok(output().includes(name), name);
  }
  assert.ok(!output().includes('c2VjcmV0'));
});
