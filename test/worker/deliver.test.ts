import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { test } from 'vitest';
import { createIndexer } from '../../personnummer/blind-index.ts';
import type { Jwk } from '../../personnummer/keys.ts';
import { Personnummer } from '../../personnummer/personnummer.ts';
import { createSealer } from '../../personnummer/seal.ts';
import { createUnsealer } from '../../personnummer/unseal.ts';
import { createGuardedFetch } from '../../runtime/guarded-fetch.ts';
import { noTracing } from '../../runtime/tracing/tracing.ts';
import { createDeliver } from '../../worker/deliver.ts';
import { Failure } from '../../worker/failure.ts';
import { createAccessTokens } from '../../worker/member-system/access-tokens.ts';
import { createAuthorize } from '../../worker/member-system/authorization.ts';
import { json, listen } from './support/listen.ts';

const pair = generateKeyPairSync('x25519');
const key = { ...pair.privateKey.export({ format: 'jwk' }), kid: 'k' } as Jwk;
const publicKey = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k' } as Jwk;
const indexer = createIndexer([{ version: 'v1', secret: new Uint8Array(randomBytes(32)) }]);
const organizationId = '11111111-1111-4111-8111-111111111111';
const personnummer = new Personnummer('18836922235');
const never = { signal: new AbortController().signal, assertHeld: () => undefined };

function createDelivery() {
  const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 2_000, maxBytes: 4096 });
  const accessTokens = createAccessTokens({ fetch, allowsPlainHttp: true });
  return createDeliver({
    unsealer: createUnsealer([key]),
    indexer,
    indexVersions: new Set(['v1']),
    authorize: createAuthorize({ secrets: new Map([['MEMBER_SYSTEM_SECRET', 's3cret']]), accessTokens }),
    fetch,
    readingFetch: fetch,
    tracing: noTracing,
  });
}

async function claimFor(url: string, push_id = 'push-1') {
  return {
    push_id,
    worker_id: 'worker-1',
    fencing_token: '1',
    attempt: 1,
    organization_id: organizationId,
    organization: 'nhf',
    member_id: '22222222-2222-4222-8222-222222222222',
    external_id: '7',
    lease_ms: 15_000,
    delay_ms: 0,
    status_url: null,
    overdue: false,
    made_at: '2026-11-28T12:00:00.000001Z',
    traceparent: null,
    personnummer_sealed: await createSealer([publicKey]).seal(personnummer),
    personnummer_index: indexer.indexes(personnummer, organizationId)[0] ?? '',
    member_system: {
      kind: 'http',
      method: 'PATCH',
      url_template: `${url}/members/{external_id}`,
      body_template: { personnummer: '{personnummer}' },
      auth: 'oauth2_client_credentials',
      token_url: `${url}/token`,
      client_id: 'worker',
      secret_env: 'MEMBER_SYSTEM_SECRET',
      timeout_ms: 1_000,
    },
  };
}

/** A member system with a token endpoint; `accepts` says which tokens it takes. */
async function memberSystem(accepts: (token: string) => boolean) {
  const seen: string[] = [];
  let tokens = 0;
  const handler: RequestListener = (request, response) => {
    if (request.url === '/token') {
      tokens += 1;
      return json(response, 200, { access_token: `t${tokens}`, token_type: 'bearer', expires_in: 3600 });
    }
    const token = request.headers.authorization?.replace('Bearer ', '') ?? '';
    seen.push(`${request.method} ${request.url} ${request.headers['idempotency-key']} ${token}`);
    return json(response, accepts(token) ? 200 : 401, {});
  };
  return { ...(await listen(handler)), seen };
}

test('a withdrawn token is replaced within the attempt, under the same key', async () => {
  let withdrawn = '';
  await using system = await memberSystem((token) => token !== withdrawn);
  const deliver = createDelivery();
  assert.equal((await deliver(await claimFor(system.url, 'push-1'), never)).result, 'delivered');
  withdrawn = 't1';
  assert.equal((await deliver(await claimFor(system.url, 'push-2'), never)).result, 'delivered');
  assert.deepEqual(system.seen, [
    'PATCH /members/7 push-1 t1',
    'PATCH /members/7 push-2 t1',
    'PATCH /members/7 push-2 t2',
  ]);
});

test('a member system that takes no token at all is asked twice and no more', async () => {
  await using system = await memberSystem(() => false);
  const outcome = await createDelivery()(await claimFor(system.url), never);
  assert.deepEqual(outcome, { result: 'retry', httpStatus: 401, errorCode: 'http_401', retryAfter: null });
  assert.equal(system.seen.length, 2);
});

test('a number of another organisation is found out and nothing is sent, not even for a token', async () => {
  let requests = 0;
  await using server = await listen((_, response) => {
    requests += 1;
    response.end();
  });
  const claim = { ...(await claimFor(server.url)), organization_id: '33333333-3333-4333-8333-333333333333' };
  const outcome = await createDelivery()(claim, never);
  assert.equal(outcome.result, 'rejected');
  assert.equal(outcome.errorCode, 'sealed_value_mismatch');
  assert.equal(requests, 0);
});

test('a worker that is stopping reports that, and the push is tried again', async () => {
  await using server = await listen((request, response) => {
    if (request.url === '/token') json(response, 200, { access_token: 't', token_type: 'bearer' });
  });
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(new Failure('worker_stopping')), 100);
  const outcome = await createDelivery()(await claimFor(server.url), { ...never, signal: stopping.signal });
  assert.deepEqual([outcome.result, outcome.errorCode], ['retry', 'worker_stopping']);
});
