import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { comeBack, logIn, start } from '../support/browser.ts';
import { json, type Respond } from '../support/provider.ts';
import { number, startWorld, startWorlds, type World } from '../support/world.ts';

const errors: [string, string][] = [
  ['access_denied', 'access_denied'],
  ['unknown_reject_reason', 'access_denied'],
  ['something_new', 'access_denied'],
  [`<script>${number}`, 'access_denied'],
  ['server_error', 'temporarily_unavailable'],
  ['temporarily_unavailable', 'temporarily_unavailable'],
  ['login_required', 'login_failed'],
  ['invalid_scope', 'server_error'],
  // Vipps' own.
  ['wrong_challenge', 'access_denied'],
  ['outdated_app_version', 'access_denied'],
  ['invalid_app_callback_uri', 'server_error'],
  ['app_callback_uri_not_registered', 'server_error'],
  // What BankID, ID-porten and the standards add.
  ['interaction_required', 'login_failed'],
  ['consent_required', 'login_failed'],
  ['account_selection_required', 'login_failed'],
  ['invalid_request', 'server_error'],
  ['unauthorized_client', 'server_error'],
  ['unsupported_response_type', 'server_error'],
  ['request_not_supported', 'server_error'],
  ['', 'access_denied'],
];

test('an error of the provider reaches the app as one of our codes, with nothing of its description', async () => {
  await using world = await startWorld();
  for (const [sent, told] of errors) {
    await inCase(`${sent.slice(0, 24)} becomes ${told}`, async () => {
      const started = await start(world);
      const address = errorAddress(started.address, sent);
      const ended = await comeBack(world, address, started.cookie);
      assert.equal(ended.error, told);
      assert.equal(ended.location?.searchParams.get('state'), started.appState);
      assert.deepEqual([...(ended.location?.searchParams.keys() ?? [])].sort(), ['error', 'iss', 'state']);
      assert.equal((await comeBack(world, address, started.cookie)).status, 400, 'used up');
    });
  }
  assert.equal(world.provider.count('/token'), 0);
  assert.equal((await world.observations()).length, 0);
  const lines = world.logLines.join('');
  for (const text of ['description of', 'something_new', 'script', number]) assert.ok(!lines.includes(text), text);
});

test('an error of the provider needs the state and the cookie of a login too', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const address = errorAddress(started.address, 'access_denied');
  assert.equal((await comeBack(world, address, undefined)).status, 400);
  address.searchParams.set('state', 'made-up');
  assert.equal((await comeBack(world, address, started.cookie)).status, 400);
});

test('an answer with neither code nor error fails without a token request', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const address = errorAddress(started.address, 'x');
  address.searchParams.delete('error');
  assert.equal((await comeBack(world, address, started.cookie)).error, 'login_failed');
  assert.equal(world.provider.count('/token'), 0);
});

const outages: [string, string, Respond][] = [
  ['the token endpoint answers 500', '/token', (_, response) => void response.writeHead(500).end('<html>')],
  ['the token endpoint answers 503', '/token', (_, response) => json(response, 503, { error: 'server_error' })],
  ['the token endpoint answers 429', '/token', (_, response) => json(response, 429, { error: 'slow_down' })],
  ['the token endpoint breaks off', '/token', (_, response) => void response.destroy()],
  [
    'the token endpoint does not know us',
    '/token',
    (_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
  ],
  [
    'the token endpoint says invalid_client',
    '/token',
    (_, response) => json(response, 401, { error: 'invalid_client' }),
  ],
  ['the keys cannot be had', '/jwks', (_, response) => void response.writeHead(502).end()],
  ['the keys may not be had', '/jwks', (_, response) => void response.writeHead(404).end()],
  ['the keys are a page', '/jwks', (_, response) => void response.writeHead(200).end('<html>Maintenance</html>')],
  ['the keys are no key set', '/jwks', (_, response) => json(response, 200, { error: 'maintenance' })],
  ['the keys are an array', '/jwks', (_, response) => json(response, 200, [])],
  ['the keys break off', '/jwks', (_, response) => void response.destroy()],
  ['the keys have moved', '/jwks', (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end()],
  [
    'the key of the token is broken',
    '/jwks',
    (_, response) =>
      json(response, 200, { keys: [{ kty: 'RSA', kid: 'provider-key', use: 'sig', alg: 'RS256', n: '!', e: 'AQAB' }] }),
  ],
  [
    'the token endpoint answers without end',
    '/token',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(Buffer.alloc(256 * 1024, ' ')), 1);
      response.on('close', () => clearInterval(timer));
    },
  ],
];

test('a provider that is down is temporarily unavailable, and nothing is recorded', async () => {
  await using worlds = await startWorlds(outages.map(() => ({})));
  for (const [at, [name, path, respond]] of outages.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      world.provider.respond.set(path, respond);
      const login = await logIn(world);
      assert.deepEqual([login.status, login.error], [302, 'temporarily_unavailable']);
      assert.equal((await world.observations()).length, 0);
    });
  }
});

test('a provider that does not answer delays the login by a bounded time', async () => {
  await using world = await startWorld({ environment: { PROVIDER_TIMEOUT_MS: '1000' } });
  world.provider.respond.set('/token', () => undefined);
  const startedAt = performance.now();
  assert.equal((await logIn(world)).error, 'temporarily_unavailable');
  assert.ok(performance.now() - startedAt < 3_000);
});

test('a burst of first logins fetches metadata and keys once', async () => {
  await using world = await startWorld();
  const logins = await Promise.all(Array.from({ length: 8 }, () => logIn(world)));
  assert.deepEqual([...new Set(logins.map(({ error }) => error))], [null], world.logLines.join(''));
  assert.equal(world.provider.count('/.well-known/openid-configuration'), 1);
  assert.equal(world.provider.count('/jwks'), 1);
});

function errorAddress(address: URL, error: string): URL {
  const back = new URL(address.searchParams.get('redirect_uri') ?? '');
  back.searchParams.set('error', error);
  back.searchParams.set('error_description', `description of ${number}`);
  back.searchParams.set('state', address.searchParams.get('state') ?? '');
  return back;
}
