import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { allowInsecureRequests, customFetch, discovery } from 'openid-client';
import { test } from 'vitest';
import { createGuardedFetch, OutboundError, type OutboundErrorCode } from '../../runtime/guarded-fetch.ts';
import { selfSignedCertificate } from './certificate.ts';
import { listen, serve, serveTcp } from './servers.ts';

const local = createGuardedFetch({ deployment: 'local', timeoutMs: 5_000, maxBytes: 1_000 });
const impatient = createGuardedFetch({ deployment: 'local', timeoutMs: 200, maxBytes: 1_000 });

test('an answer is returned with status, headers and body', async () => {
  await using server = await serve((request, response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'x-method': request.method ?? '' });
    request.pipe(response);
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' };
  const response = await local(server.url, init);
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('x-method'), 'POST');
  assert.deepEqual(await response.json(), { a: 1 });
});

test('an answer without a body is returned', async () => {
  await using server = await serve((_, response) => response.writeHead(204).end());
  assert.equal((await local(server.url)).status, 204);
});

test('it serves openid-client, whose timeout and redirect settings it keeps', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ issuer: server.url, token_endpoint: `${server.url}/token` }));
  });
  const options = { [customFetch]: local, execute: [allowInsecureRequests] };
  const configuration = await discovery(new URL(server.url), 'client', 'secret', undefined, options);
  assert.equal(configuration.serverMetadata().issuer, server.url);
});

test('a redirect is returned and not followed', async () => {
  const asked: string[] = [];
  await using server = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: '/elsewhere' }).end('moved');
  });
  const response = await local(`${server.url}/here`, { redirect: 'follow' });
  assert.equal(response.status, 302);
  assert.equal(response.headers.get('location'), '/elsewhere');
  assert.deepEqual(asked, ['/here']);
});

test('a body without end is cut off at the limit', async () => {
  let closed: () => void = () => undefined;
  const hungUp = new Promise<void>((resolve) => {
    closed = resolve;
  });
  await using server = await serve((_, response) => {
    response.on('close', closed);
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(400)));
    };
    response.on('drain', write);
    write();
  });
  await rejectsWith('response_too_large', local(server.url));
  await hungUp;
});

test('a body of exactly the limit is returned, one byte more is not', async () => {
  await using server = await serve((request, response) => response.end('x'.repeat(Number(request.url?.slice(1)))));
  assert.equal((await (await local(`${server.url}/1000`)).text()).length, 1_000);
  await rejectsWith('response_too_large', local(`${server.url}/1001`));
});

test('the limit counts the bytes after decompression', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1_000_000)));
  });
  await rejectsWith('response_too_large', local(server.url));
});

test('what a server compresses without being asked is read; what nobody can decode is a failed connection', async () => {
  const encodings = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync };
  for (const [name, compress] of Object.entries(encodings)) {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': name, 'content-type': 'application/json' });
      response.end(compress('{"a":1}'));
    });
    assert.deepEqual(await (await local(server.url)).json(), { a: 1 }, name);
  }
  for (const [name, body] of Object.entries({ gzip: 'no gzip', zstd: 'x', 'gzip, br': 'x' })) {
    await using server = await serve((_, response) => response.writeHead(200, { 'content-encoding': name }).end(body));
    await rejectsWith('connection_failed', local(server.url));
  }
});

test('forms, bytes and several headers of one name travel as they are', async () => {
  await using server = await serve((request, response) => {
    const { 'content-type': type = '', 'accept-encoding': encoding = '' } = request.headers;
    response.writeHead(200, { 'x-type': type, 'x-encoding': encoding, 'set-cookie': ['a=1', 'b=2'] });
    request.pipe(response);
  });
  const form = await local(server.url, { method: 'POST', body: new URLSearchParams({ a: 'ø' }) });
  assert.equal(form.headers.get('x-type'), 'application/x-www-form-urlencoded;charset=UTF-8');
  assert.equal(form.headers.get('x-encoding'), 'identity');
  assert.deepEqual(form.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(await form.text(), 'a=%C3%B8');
  const bytes = new Uint8Array([0, 255, 7]);
  const sent = await local(server.url, {
    method: 'POST',
    body: bytes.subarray(1),
    headers: new Headers({ 'X-A': 'b' }),
  });
  assert.deepEqual([...new Uint8Array(await sent.arrayBuffer())], [255, 7]);
});

test('a body that drips is a timeout', async () => {
  await using server = await serve((_, response) => {
    response.write('x');
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(drip));
  });
  await rejectsWith('timeout', impatient(server.url));
});

test('a server that accepts and says nothing is a timeout', async () => {
  await using server = await serveTcp(() => undefined);
  await rejectsWith('timeout', impatient(server.url));
  await rejectsWith('timeout', impatient(server.url.replace('http:', 'https:')));
});

test('the signal of the caller ends the request with the reason of the caller', async () => {
  await using server = await serveTcp(() => undefined);
  const caller = new AbortController();
  const pending = local(server.url, { signal: caller.signal });
  caller.abort(new Error('worker is stopping'));
  await assert.rejects(pending, { message: 'worker is stopping' });
});

test('a connection that is refused, reset or cut off mid-body is a failed connection', async () => {
  const gone = await serveTcp(() => undefined);
  await gone[Symbol.asyncDispose]();
  await rejectsWith('connection_failed', local(gone.url));
  await using resets = await serveTcp((socket) => socket.resetAndDestroy());
  await rejectsWith('connection_failed', local(resets.url));
  await using cuts = await serveTcp((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'));
  });
  await rejectsWith('connection_failed', local(cuts.url));
});

test('a name that does not exist is a failed connection', async () => {
  await rejectsWith('connection_failed', local('http://nobody.invalid/'));
});

test('a certificate nobody vouches for is a TLS failure, also in a local deployment', async () => {
  const server = createTlsServer(selfSignedCertificate(), (_, response) => response.end('hello'));
  await using listening = await listen(server, 'https');
  const error = await rejectsWith('tls_failed', local(listening.url));
  assert.equal(error.reason, 'DEPTH_ZERO_SELF_SIGNED_CERT');
});

test('a server that speaks no TLS is a TLS failure', async () => {
  await using server = await serve((_, response) => response.end('hello'));
  await rejectsWith('tls_failed', local(server.url.replace('http:', 'https:')));
});

for (const deployment of ['production', 'test'] as const) {
  const guarded = createGuardedFetch({ deployment, timeoutMs: 5_000, maxBytes: 1_000 });

  test(`in ${deployment}, http and other schemes are refused`, async () => {
    for (const url of ['http://example.org/', 'data:text/plain,x', 'file:///etc/passwd', 'blob:x', 'x', '']) {
      await rejectsWith('address_refused', guarded(url));
    }
  });

  test(`in ${deployment}, no spelling of this machine or a private network is connected to`, async () => {
    let connections = 0;
    await using server = await serveTcp(() => connections++);
    const hosts = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.0.0.1',
      '017700000001',
      '0.0.0.0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
      'localhost',
      'LOCALHOST',
      '10.0.0.1',
      '169.254.169.254',
      '[fd00::1]',
      '[fe80::1]',
    ];
    for (const host of hosts) {
      await rejectsWith('address_refused', guarded(`https://${host}:${server.port}/`), host);
    }
    assert.equal(connections, 0);
  });
}

test('credentials in a URL are refused', async () => {
  await rejectsWith('address_refused', local('http://user:word@127.0.0.1/'));
});

async function rejectsWith(code: OutboundErrorCode, promise: Promise<unknown>, hint = ''): Promise<OutboundError> {
  const error = await promise.then(
    () => assert.fail(`answered ${hint}`),
    (each: unknown) => each,
  );
  assert.ok(error instanceof OutboundError, `${hint} ${inspect(error)}`);
  assert.equal(error.code, code, `${hint} ${error.reason}`);
  assert.doesNotMatch(error.message, /:\/\//);
  return error;
}
