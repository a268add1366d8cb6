import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { test } from 'vitest';
import { createGuardedFetch } from '../../runtime/guarded-fetch.ts';
import { Failure } from '../../worker/failure.ts';
import { keepsBody, read, send } from '../../worker/member-system/send.ts';
import { json, listen, refusingUrl } from './support/listen.ts';

const plain = { alreadyApplied: false, retryAfter: null, location: null };
const personnummer = '24929948099';
const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 5_000, maxBytes: 1024 });

function sendTo(url: string, options: Partial<Parameters<typeof send>[1]> = {}) {
  const request = {
    url: `${url}/members/1`,
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'push-1' },
    body: JSON.stringify({ personnummer }),
  };
  const signal = new AbortController().signal;
  return send(request, { fetch, timeoutMs: 2_000, signal, authorization: 'Bearer secret-token', ...options });
}

/** A failure that tells its code and nothing else. */
function failsAs(code: string) {
  return (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.message, code);
    const shown = inspect(error, { depth: 10 });
    for (const secret of [personnummer, 'secret-token', '/members/']) assert.ok(!shown.includes(secret), shown);
    return true;
  };
}

test('method, headers, authorisation and body arrive as they were built', async () => {
  const seen: unknown[] = [];
  await using server = await listen(async (request, response) => {
    const { authorization, 'idempotency-key': key, 'content-type': type } = request.headers;
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method, url: request.url, authorization, key, type, body });
    response.writeHead(204).end();
  });
  assert.deepEqual(await sendTo(server.url), { status: 204, ...plain });
  assert.deepEqual(seen, [
    {
      method: 'PUT',
      url: '/members/1',
      authorization: 'Bearer secret-token',
      key: 'push-1',
      type: 'application/json',
      body: JSON.stringify({ personnummer }),
    },
  ]);
});

test('a redirect is answered as it came and not followed', async () => {
  let requests = 0;
  await using server = await listen((_, response) => {
    requests += 1;
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  assert.deepEqual(await sendTo(server.url), { status: 307, ...plain });
  assert.equal(requests, 1);
});

const conflicts: [string, RequestListener, boolean][] = [
  ['says already_applied in JSON', (_, r) => json(r, 409, { code: 'already_applied' }), true],
  [
    'names a charset',
    (_, r) => json(r, 409, { code: 'already_applied' }, { 'content-type': 'Application/JSON; charset=utf-8' }),
    true,
  ],
  ['says something else', (_, r) => json(r, 409, { code: 'conflict' }), false],
  ['says it deeper', (_, r) => json(r, 409, { error: { code: 'already_applied' } }), false],
  [
    'says it as plain text',
    (_, r) => void r.writeHead(409, { 'content-type': 'text/plain' }).end('{"code":"already_applied"}'),
    false,
  ],
  [
    'says broken JSON',
    (_, r) => void r.writeHead(409, { 'content-type': 'application/json' }).end('{"code":"already'),
    false,
  ],
  ['says nothing', (_, r) => void r.writeHead(409).end(), false],
];
for (const [what, handler, alreadyApplied] of conflicts) {
  test(`a 409 that ${what} ${alreadyApplied ? 'is' : 'is not'} taken as already applied`, async () => {
    await using server = await listen(handler);
    assert.deepEqual(await sendTo(server.url), { ...plain, status: 409, alreadyApplied });
  });
}

test('a refused connection may be tried again', async () => {
  await assert.rejects(sendTo(await refusingUrl()), failsAs('connection_failed'));
});

test('a connection that breaks before the answer may be tried again', async () => {
  await using server = await listen((request) => void request.socket.destroy());
  await assert.rejects(sendTo(server.url), failsAs('connection_failed'));
});

test('a name that does not resolve may be tried again', async () => {
  await assert.rejects(sendTo('http://member-system.invalid'), failsAs('connection_failed'));
});

test('an answer that never comes ends at the timeout of the row', async () => {
  await using server = await listen(() => undefined);
  const started = performance.now();
  await assert.rejects(sendTo(server.url, { timeoutMs: 150 }), failsAs('timeout'));
  assert.ok(performance.now() - started < 1_000);
});

test('an answer that drips for ever ends at the timeout of the row', async () => {
  await using server = await listen((_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(drip));
  });
  await assert.rejects(sendTo(server.url, { timeoutMs: 200 }), failsAs('timeout'));
});

test('an answer larger than allowed is not read to its end', async () => {
  await using server = await listen((_, response) => response.end('x'.repeat(2_000)));
  await assert.rejects(sendTo(server.url), failsAs('response_too_large'));
});

test('a worker that stops ends the request with the reason it gave', async () => {
  await using server = await listen(() => undefined);
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(new Failure('worker_stopping')), 50);
  await assert.rejects(sendTo(server.url, { signal: stopping.signal }), failsAs('worker_stopping'));
});

test('outside the local deployment neither http nor this machine is reached', async () => {
  let requests = 0;
  await using server = await listen((_, response) => {
    requests += 1;
    response.end();
  });
  const production = createGuardedFetch({ deployment: 'production', timeoutMs: 2_000, maxBytes: 1024 });
  await assert.rejects(sendTo(server.url, { fetch: production }), failsAs('address_refused'));
  await assert.rejects(
    sendTo(server.url.replace('http:', 'https:'), { fetch: production }),
    failsAs('address_refused'),
  );
  assert.equal(requests, 0);
});

test('a server that speaks no TLS where TLS is asked for may be tried again', async () => {
  await using server = await listen((_, response) => void response.end());
  await assert.rejects(sendTo(server.url.replace('http:', 'https:')), failsAs('tls_failed'));
});

const dropping = createGuardedFetch({ deployment: 'local', timeoutMs: 5_000, maxBytes: 1024, keepsBody });
const endless: [string, RequestListener][] = [
  ['is larger than allowed', (_, response) => void response.end('x'.repeat(200_000))],
  [
    'drips for ever',
    (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    },
  ],
  [
    'breaks off',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setTimeout(() => response.destroy(), 20);
    },
  ],
];
for (const [what, handler] of endless) {
  test(`a change that was taken counts as such, although the answer's body ${what}`, async () => {
    await using server = await listen(handler);
    const started = performance.now();
    assert.equal((await sendTo(server.url, { fetch: dropping })).status, 200);
    assert.ok(performance.now() - started < 1_000);
  });
}

test('what the other side asks us to wait, and where it says how it went, is read', async () => {
  await using server = await listen((_, response) =>
    json(response, 202, {}, { 'retry-after': '7', location: '/status/1' }),
  );
  assert.deepEqual(await sendTo(server.url), { ...plain, status: 202, retryAfter: 7, location: '/status/1' });
});

test('reading changes nothing over there: a GET with our authorisation and without a key', async () => {
  const seen: unknown[] = [];
  await using server = await listen((request, response) => {
    const { authorization, 'idempotency-key': key } = request.headers;
    seen.push([request.method, request.url, authorization, key]);
    json(response, 200, { status: 'done' });
  });
  const { signal } = new AbortController();
  const reading = await read(`${server.url}/status/1`, { fetch, timeoutMs: 2_000, signal, authorization: 'Bearer t' });
  assert.deepEqual(reading, { status: 200, body: { status: 'done' }, retryAfter: null });
  assert.deepEqual(seen, [['GET', '/status/1', 'Bearer t', undefined]]);
});
