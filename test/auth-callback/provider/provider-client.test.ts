import assert from 'node:assert/strict';
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose';
import { test } from 'vitest';
import { createProviderClients } from '../../../auth-callback/provider/provider-client.ts';
import { type ProviderRow, rowFault } from '../../../auth-callback/provider/provider-row.ts';
import { createGuardedFetch } from '../../../runtime/guarded-fetch.ts';
import { inCase } from '../../support/in-case.ts';
import { until } from '../../support/until.ts';
import { logIn } from '../support/browser.ts';
import { createSigningKey, startProvider, type TestProvider } from '../support/provider.ts';
import { providerRow } from '../support/provider-row.ts';
import { startWorld } from '../support/world.ts';

const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 5_000, maxBytes: 1024 * 1024 });
const path = '/.well-known/openid-configuration';

function row(provider: TestProvider, changes: Partial<ProviderRow> = {}): ProviderRow {
  return providerRow({ issuer: provider.issuer, ...changes });
}

test('metadata are fetched once an hour, and by a changed row at once', async () => {
  await using provider = await startProvider();
  let now = 0;
  const failures: unknown[] = [];
  const clients = createProviderClients({
    fetch,
    secrets: () => undefined,
    allowsPlainHttp: true,
    timeoutMs: 5_000,
    now: () => now,
    onRefreshFailure: (error) => failures.push(error),
  });
  const first = await clients.clientFor(row(provider));
  assert.equal(await clients.clientFor(row(provider, { scopes: ['openid', 'nin'] })), first);
  assert.equal(provider.count(path), 1);
  assert.notEqual(await clients.clientFor(row(provider, { clientId: 'other' })), first);
  assert.equal(provider.count(path), 2);
  now += 61 * 60_000;
  assert.equal(await clients.clientFor(row(provider)), first, 'nobody waits for the refresh');
  await until('the refresh', async () => (await clients.clientFor(row(provider))) !== first);
  assert.equal(provider.count(path), 3);
  provider.respond.set(path, (_, response) => void response.writeHead(500).end());
  now += 61 * 60_000;
  const serving = await clients.clientFor(row(provider));
  await until('a refresh that failed', () => failures.length > 0);
  assert.equal(await clients.clientFor(row(provider)), serving, 'the old one serves on');
  now += 25 * 60 * 60_000;
  await assert.rejects(clients.clientFor(row(provider)), { code: 'provider_answered_500' });
});

test('a provider that is down is asked once for a burst of logins, and again two seconds later', async () => {
  await using provider = await startProvider();
  let now = 0;
  const clients = createProviderClients({
    fetch,
    secrets: () => undefined,
    allowsPlainHttp: true,
    timeoutMs: 5_000,
    now: () => now,
    onRefreshFailure: () => undefined,
  });
  provider.respond.set(path, (_, response) => void response.writeHead(500).end());
  const burst = await Promise.allSettled(Array.from({ length: 20 }, () => clients.clientFor(row(provider))));
  assert.ok(burst.every(({ status }) => status === 'rejected'));
  provider.respond.delete(path);
  now += 1_999;
  await assert.rejects(clients.clientFor(row(provider)), { code: 'provider_answered_500' });
  assert.equal(provider.count(path), 1);
  now += 1;
  assert.ok((await clients.clientFor(row(provider))).hasUserinfo);
});

test('in production neither http nor an address of this network is asked', async () => {
  await using provider = await startProvider();
  const production = createGuardedFetch({ deployment: 'production', timeoutMs: 5_000, maxBytes: 1024 });
  const clients = createProviderClients({
    fetch: production,
    secrets: () => undefined,
    allowsPlainHttp: false,
    timeoutMs: 5_000,
    onRefreshFailure: () => undefined,
  });
  await assert.rejects(clients.clientFor(row(provider)), { code: 'provider_issuer_invalid' });
  const issuer = provider.issuer.replace('http:', 'https:');
  await assert.rejects(clients.clientFor(row(provider, { issuer })), { code: 'provider_address_refused' });
  assert.equal(provider.requests.length, 0);
});

test('rows that would weaken a login are not used', async () => {
  await using provider = await startProvider();
  const table: [Partial<ProviderRow>, string][] = [
    [{ idTokenSignedResponseAlg: 'none' }, 'provider_signature_algorithm_refused'],
    [{ idTokenSignedResponseAlg: 'HS256' }, 'provider_signature_algorithm_refused'],
    [{ clientSecretEnv: 'DATABASE_URL' }, 'provider_secret_name_refused'],
    [{ issuer: 'https://provider.example/?a=b' }, 'provider_issuer_invalid'],
    [{ issuer: 'ftp://provider.example/' }, 'provider_issuer_invalid'],
    [{ clientId: '' }, 'provider_client_id_missing'],
  ];
  for (const [changes, code] of table) assert.equal(rowFault(row(provider, changes), true), code);
  assert.equal(rowFault(row(provider), true), undefined);
});

test('the secret goes where the row says: basic, post, or not at all', async () => {
  const cases: [string, (request: TestProvider['requests'][number] | undefined) => void][] = [
    [
      'client_secret_basic',
      (request) => {
        const [id, secret] = Buffer.from(request?.headers.authorization?.slice(6) ?? '', 'base64')
          .toString()
          .split(':');
        assert.match(id ?? '', /^client/);
        assert.equal(decodeURIComponent((secret ?? '').replaceAll('+', ' ')), 'secret of the test client');
        assert.ok(!request?.body.includes('client_secret'));
      },
    ],
    [
      'client_secret_post',
      (request) => {
        assert.equal(new URLSearchParams(request?.body).get('client_secret'), 'secret of the test client');
        assert.equal(request?.headers.authorization, undefined);
      },
    ],
    [
      'none',
      (request) => {
        assert.ok(!request?.body.includes('client_secret'));
        assert.equal(request?.headers.authorization, undefined);
      },
    ],
  ];
  for (const [method, check] of cases) {
    await inCase(method, async () => {
      await using world = await startWorld({ providerRow: { token_endpoint_auth_method: method } });
      assert.equal((await logIn(world)).error, null);
      check(world.provider.requests.find((request) => request.path === '/token'));
    });
  }
});

test('a client that signs its own assertion sends no secret', async () => {
  const key = await createSigningKey('client-key', 'ES256');
  const secret = JSON.stringify({ ...(await exportJWK(key.privateKey)), kid: 'client-key', alg: 'ES256' });
  await using world = await startWorld({
    environment: { OIDC_CLIENT_KEY: secret },
    providerRow: { token_endpoint_auth_method: 'private_key_jwt', client_secret_env: 'OIDC_CLIENT_KEY' },
  });
  assert.equal((await logIn(world)).error, null);
  const form = new URLSearchParams(world.provider.requests.find((request) => request.path === '/token')?.body);
  const { payload } = await jwtVerify(
    form.get('client_assertion') ?? '',
    createLocalJWKSet({ keys: [key.publicJwk] }),
    { audience: world.provider.issuer },
  );
  assert.equal(payload.iss, form.get('client_id'));
});
