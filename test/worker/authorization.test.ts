import assert from 'node:assert/strict';
import Provider from 'oidc-provider';
import { test } from 'vitest';
import { createGuardedFetch } from '../../runtime/guarded-fetch.ts';
import { Failure } from '../../worker/failure.ts';
import { createAccessTokens } from '../../worker/member-system/access-tokens.ts';
import { createAuthorize } from '../../worker/member-system/authorization.ts';
import type { Authentication, TokenEndpointAuthMethod } from '../../worker/member-system/settings.ts';
import { json, listen, refusingUrl } from './support/listen.ts';

const secretEnv = 'MEMBER_SYSTEM_NHF_SECRET';

function authorizeWith(secret: string | undefined, now = Date.now) {
  const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 500, maxBytes: 4096 });
  const secrets = new Map(secret === undefined ? [] : [[secretEnv, secret]]);
  return createAuthorize({ secrets, accessTokens: createAccessTokens({ fetch, allowsPlainHttp: true, now }) });
}

function oauth2(
  url: string,
  scope: string | null = null,
  authMethod: TokenEndpointAuthMethod = 'client_secret_basic',
): Authentication {
  const client = { clientId: 'worker', secretEnv, authMethod };
  return { kind: 'oauth2_client_credentials', tokenUrl: `${url}/token`, ...client, scope };
}

const failsAs = (code: string) => (error: unknown) => error instanceof Failure && error.message === code;

/** A token endpoint that numbers its tokens. */
async function tokenEndpoint(expiresIn: number | undefined) {
  const asked: { authorization: string | undefined; body: string }[] = [];
  const server = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ authorization: request.headers.authorization, body });
    const token = { access_token: `token-${asked.length}`, token_type: 'Bearer' };
    json(response, 200, expiresIn === undefined ? token : { ...token, expires_in: expiresIn });
  });
  return { ...server, asked };
}

test('no authentication sends no header', async () => {
  assert.equal((await authorizeWith(undefined)({ kind: 'none' })).header, null);
});

test('a bearer token is sent as it is', async () => {
  assert.equal((await authorizeWith('t0ken')({ kind: 'bearer', secretEnv })).header, 'Bearer t0ken');
});

test('user name and password are sent as UTF-8', async () => {
  const { header } = await authorizeWith('blåbær:ø')({ kind: 'basic', username: 'nhf', secretEnv });
  assert.equal(header, `Basic ${Buffer.from('nhf:blåbær:ø').toString('base64')}`);
});

test('a secret that is not there yet is waited for', async () => {
  for (const secret of [undefined, '']) {
    await assert.rejects(authorizeWith(secret)({ kind: 'bearer', secretEnv }), failsAs('secret_missing'));
  }
  assert.equal(new Failure('secret_missing').result, 'retry');
});

test('a secret that cannot be a header value is refused without being quoted', async () => {
  for (const secret of ['a\r\nX-Evil: 1', 'a b', 'æ']) {
    await assert.rejects(authorizeWith(secret)({ kind: 'bearer', secretEnv }), failsAs('member_system_misconfigured'));
  }
});

test('a user name with a colon is refused', async () => {
  const basic: Authentication = { kind: 'basic', username: 'a:b', secretEnv };
  await assert.rejects(authorizeWith('s')(basic), failsAs('member_system_misconfigured'));
});

test('client credentials are exchanged for a token with Basic and the scope of the row', async () => {
  await using endpoint = await tokenEndpoint(3600);
  const { header } = await authorizeWith('s3cret')(oauth2(endpoint.url, 'members.write'));
  assert.equal(header, 'Bearer token-1');
  const [asked] = endpoint.asked;
  assert.equal(asked?.authorization, `Basic ${Buffer.from('worker:s3cret').toString('base64')}`);
  const body = new URLSearchParams(asked?.body);
  assert.equal(body.get('grant_type'), 'client_credentials');
  assert.equal(body.get('scope'), 'members.write');
  assert.ok(!asked?.body.includes('s3cret'));
});

test('where the row says so, the client secret goes in the form, and in no header', async () => {
  await using endpoint = await tokenEndpoint(3600);
  const { header } = await authorizeWith('s3cr&t=æ')(oauth2(endpoint.url, 'members.write', 'client_secret_post'));
  assert.equal(header, 'Bearer token-1');
  const [asked] = endpoint.asked;
  assert.equal(asked?.authorization, undefined);
  const body = new URLSearchParams(asked?.body);
  assert.deepEqual(
    ['grant_type', 'client_id', 'client_secret', 'scope'].map((name) => body.get(name)),
    ['client_credentials', 'worker', 's3cr&t=æ', 'members.write'],
  );
});

test('a token endpoint of another make, which lets nobody show a secret in a header, takes it from the form', async () => {
  const secret = 'a secret of the worker, 32 characters';
  const provider = new Provider('http://provider.example', {
    clients: [
      {
        client_id: 'worker',
        client_secret: secret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  await using endpoint = await listen((request, response) => {
    if (request.headers.authorization === undefined) void provider.callback()(request, response);
    else json(response, 401, { error: 'invalid_client' });
  });
  const ask = (method: TokenEndpointAuthMethod) => authorizeWith(secret)(oauth2(endpoint.url, null, method));
  assert.match((await ask('client_secret_post')).header ?? '', /^Bearer \S{20,}$/);
  await assert.rejects(ask('client_secret_basic'), failsAs('token_refused'));
});

test('a token is used until shortly before it expires', async () => {
  await using endpoint = await tokenEndpoint(3600);
  let now = 0;
  const authorize = authorizeWith('s', () => now);
  const headerAt = async (seconds: number) => {
    now = seconds * 1000;
    return (await authorize(oauth2(endpoint.url))).header;
  };
  assert.equal(await headerAt(0), 'Bearer token-1');
  assert.equal(await headerAt(3569), 'Bearer token-1');
  assert.equal(await headerAt(3570), 'Bearer token-2');
});

test('a token without a lifetime is used once', async () => {
  await using endpoint = await tokenEndpoint(undefined);
  const authorize = authorizeWith('s');
  await authorize(oauth2(endpoint.url));
  assert.equal((await authorize(oauth2(endpoint.url))).header, 'Bearer token-2');
});

test('pushes that start together share one token request', async () => {
  await using endpoint = await tokenEndpoint(3600);
  const authorize = authorizeWith('s');
  const all = await Promise.all(Array.from({ length: 20 }, () => authorize(oauth2(endpoint.url))));
  assert.deepEqual([...new Set(all.map(({ header }) => header))], ['Bearer token-1']);
  assert.equal(endpoint.asked.length, 1);
});

test('another scope or client gets a token of its own', async () => {
  await using endpoint = await tokenEndpoint(3600);
  const authorize = authorizeWith('s');
  assert.equal((await authorize(oauth2(endpoint.url, 'a'))).header, 'Bearer token-1');
  assert.equal((await authorize(oauth2(endpoint.url, 'b'))).header, 'Bearer token-2');
  assert.equal((await authorize(oauth2(endpoint.url, 'a'))).header, 'Bearer token-1');
});

test('a forgotten token is replaced, and forgetting an old one leaves the new one alone', async () => {
  await using endpoint = await tokenEndpoint(3600);
  const authorize = authorizeWith('s');
  const first = await authorize(oauth2(endpoint.url));
  first.forget?.();
  assert.equal((await authorize(oauth2(endpoint.url))).header, 'Bearer token-2');
  first.forget?.();
  assert.equal((await authorize(oauth2(endpoint.url))).header, 'Bearer token-2');
});

const refusals: [string, number, unknown, string][] = [
  ['a refused client', 401, { error: 'invalid_client' }, 'token_refused'],
  ['a refused scope', 400, { error: 'invalid_scope' }, 'token_refused'],
  ['an endpoint in trouble', 503, { error: 'temporarily_unavailable' }, 'token_unavailable'],
  ['an endpoint that is busy', 429, { error: 'slow_down' }, 'token_unavailable'],
  ['an answer without a token', 200, { hello: 'world' }, 'token_unavailable'],
];
for (const [what, status, body, code] of refusals) {
  test(`${what} ends as ${code} and may be tried again`, async () => {
    await using server = await listen((_, response) => json(response, status, body));
    const authorize = authorizeWith('s');
    await assert.rejects(authorize(oauth2(server.url)), failsAs(code));
    await assert.rejects(authorize(oauth2(server.url)), failsAs(code));
    assert.equal(new Failure('token_refused').result, 'retry');
  });
}

test('a token endpoint that cannot be reached, or does not answer, ends as token_unavailable', async () => {
  await assert.rejects(authorizeWith('s')(oauth2(await refusingUrl())), failsAs('token_unavailable'));
  await using silent = await listen(() => undefined);
  await assert.rejects(authorizeWith('s')(oauth2(silent.url)), failsAs('token_unavailable'));
});

test('a failed request for a token is not remembered', async () => {
  let requests = 0;
  await using server = await listen((_, response) => {
    requests += 1;
    if (requests === 1) json(response, 500, {});
    else json(response, 200, { access_token: 'second', token_type: 'Bearer', expires_in: 60 });
  });
  const authorize = authorizeWith('s');
  await assert.rejects(authorize(oauth2(server.url)), failsAs('token_unavailable'));
  assert.equal((await authorize(oauth2(server.url))).header, 'Bearer second');
});
