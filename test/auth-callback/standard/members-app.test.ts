import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JWK, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, test } from 'vitest';
import { visit } from '../../../local/scripted-login.ts';
import { inCase } from '../../support/in-case.ts';
import { appUri, deskUri, type StandardPlace, startStandardPlace } from '../support/standard-place.ts';

// An app that knows the standards and nothing of us.

let place: StandardPlace;
beforeAll(async () => {
  place = await startStandardPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

const visitor = { returnTo: appUri, person: 'member' };

async function discover(algorithm: 'oidc' | 'oauth2', clientId = 'members-app'): Promise<client.Configuration> {
  const metadata = { token_endpoint_auth_method: 'none' };
  const options = { algorithm, execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(place.callbackUrl), clientId, metadata, client.None(), options);
}

/** An address to log in at, and what the app keeps of it. */
async function request(configuration: client.Configuration, parameters: Record<string, string> = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const address = client.buildAuthorizationUrl(configuration, {
    redirect_uri: appUri,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    ...parameters,
  });
  return { address, checks: { pkceCodeVerifier, expectedState } };
}

async function logIn() {
  const configuration = await discover('oauth2');
  const { address, checks } = await request(configuration);
  const tokens = await client.authorizationCodeGrant(configuration, await visit(address, visitor), checks);
  return { configuration, tokens, refreshToken: tokens.refresh_token ?? '' };
}

test('openid-client, OpenID Connect: an ID token with the nonce, and an access token for members', async () => {
  const configuration = await discover('oidc');
  const nonce = client.randomNonce();
  const { address, checks } = await request(configuration, { scope: 'openid profile', nonce, provider: 'vipps' });
  const expected = { ...checks, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(configuration, await visit(address, visitor), expected);
  assert.equal(tokens.scope, 'openid');
  assert.equal(tokens.claims()?.sub, place.member.user_id);
  const claims = decodeJwt(tokens.access_token);
  assert.equal(claims.sub, place.member.user_id);
  assert.deepEqual(claims.app_metadata, {
    organization: place.organization.slug,
    organization_id: place.organization.id,
    audience: 'members',
  });
  assert.equal(tokens.expires_in, 3600);
  assert.equal(decodeJwt(tokens.id_token ?? '').role, undefined, 'an ID token opens nothing');
  const next = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
  assert.equal(decodeJwt(next.access_token).session_id, claims.session_id);
});

test('openid-client, plain OAuth 2.0 without state or provider, to the end of the session', async () => {
  const configuration = await discover('oauth2');
  const { address, checks } = await request(configuration);
  address.searchParams.delete('state');
  const back = await visit(address, visitor);
  assert.equal(back.searchParams.get('iss'), place.callbackUrl);
  const tokens = await client.authorizationCodeGrant(configuration, back, {
    pkceCodeVerifier: checks.pkceCodeVerifier,
  });
  assert.equal(tokens.id_token, undefined);
  const next = await client.refreshTokenGrant(configuration, tokens.refresh_token ?? '');
  await client.tokenRevocation(configuration, next.refresh_token ?? '');
  await assert.rejects(client.refreshTokenGrant(configuration, next.refresh_token ?? ''), { error: 'invalid_grant' });
  const { rows } = await place.db.pool.query(`select end_reason from registry.sessions where id = $1`, [
    decodeJwt(next.access_token).session_id,
  ]);
  assert.deepEqual(rows, [{ end_reason: 'signed_out' }]);
});

test('oauth4webapi: discovery, the answer with iss, tokens, a refresh, and signing out with the access token', async () => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const issuer = new URL(place.callbackUrl);
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  const app = { client_id: 'members-app' };
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = new URL(server.authorization_endpoint ?? '');
  address.search = new URLSearchParams({
    client_id: app.client_id,
    redirect_uri: appUri,
    response_type: 'code',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    provider: 'vipps',
  }).toString();
  const answer = oauth.validateAuthResponse(server, app, await visit(address, visitor), state);
  const code = await oauth.authorizationCodeGrantRequest(server, app, oauth.None(), answer, appUri, verifier, insecure);
  const tokens = await oauth.processAuthorizationCodeResponse(server, app, code);
  const again = await oauth.refreshTokenGrantRequest(server, app, oauth.None(), tokens.refresh_token ?? '', insecure);
  const next = await oauth.processRefreshTokenResponse(server, app, again);
  const ended = await oauth.revocationRequest(server, app, oauth.None(), next.access_token, insecure);
  await oauth.processRevocationResponse(ended);
  const refused = await oauth.refreshTokenGrantRequest(server, app, oauth.None(), next.refresh_token ?? '', insecure);
  await assert.rejects(oauth.processRefreshTokenResponse(server, app, refused), { error: 'invalid_grant' });
});

test('the metadata say what is there, in both places, and scripts of registered apps may read them', async () => {
  const [first, second] = await Promise.all(
    ['oauth-authorization-server', 'openid-configuration'].map(async (name) => {
      const headers = { origin: new URL(appUri).origin };
      const response = await fetch(`${place.callbackUrl}/.well-known/${name}`, { headers });
      assert.equal(response.headers.get('access-control-allow-origin'), headers.origin);
      assert.match(response.headers.get('cache-control') ?? '', /max-age=300/);
      return (await response.json()) as Record<string, string>;
    }),
  );
  assert.deepEqual(first, second);
  for (const [name, address] of Object.entries(first ?? {})) {
    if (!/_(endpoint|uri)$/.test(name)) continue;
    assert.notEqual((await fetch(String(address), { redirect: 'manual' })).status, 404, name);
  }
});

test('what hosted Supabase asks of an issuer: its name to the letter, keys where it says, a token with kid and role, a subject that is a uuid', async () => {
  const { tokens } = await logIn();
  // As a project does it: from the issuer's address alone.
  const found = await fetch(`${place.callbackUrl}/.well-known/openid-configuration`);
  assert.match(found.headers.get('content-type') ?? '', /^application\/json/);
  const { issuer, jwks_uri, id_token_signing_alg_values_supported } = (await found.json()) as Record<string, string>;
  assert.equal(issuer, place.callbackUrl);
  const { keys } = (await (await fetch(jwks_uri ?? '')).json()) as { keys: JWK[] };
  const { kid, alg } = decodeProtectedHeader(tokens.access_token);
  assert.equal(typeof kid, 'string');
  assert.ok(keys.some((key) => key.kid === kid && key.alg === alg && key.use === 'sig'));
  assert.deepEqual(
    keys.filter((key) => 'd' in key || 'k' in key),
    [],
    'public, and none of them symmetric',
  );
  assert.ok(id_token_signing_alg_values_supported?.includes(String(alg)));
  const verified = await jwtVerify(tokens.access_token, createRemoteJWKSet(new URL(jwks_uri ?? '')), {
    issuer: place.callbackUrl,
    audience: 'authenticated',
  });
  assert.equal(verified.payload.iss, issuer);
  assert.equal(verified.payload.role, 'authenticated');
  assert.match(verified.payload.sub ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

/** @returns `page`, or the error with which the app gets the browser back */
async function answerTo(changes: Record<string, string | undefined>, more = ''): Promise<string> {
  const parameters: Record<string, string | undefined> = {
    client_id: 'members-app',
    redirect_uri: appUri,
    response_type: 'code',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
    state: 'the state',
    provider: 'vipps',
    ...changes,
  };
  const address = new URL(`${place.callbackUrl}/authorize`);
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) address.searchParams.set(name, value);
  const response = await fetch(address.href + more, { redirect: 'manual' });
  if (response.status === 400) {
    assert.equal(response.headers.get('location'), null);
    return 'page';
  }
  const location = new URL(response.headers.get('location') ?? '');
  if (!location.href.startsWith(parameters.redirect_uri ?? '')) return 'on to the provider';
  assert.equal(location.searchParams.get('iss'), place.callbackUrl);
  assert.equal(location.searchParams.get('state'), parameters.state ?? null);
  return location.searchParams.get('error') ?? 'no error';
}

const requests: [name: string, changes: Record<string, string | undefined>, answer: string][] = [
  ['all is well', {}, 'on to the provider'],
  ['one provider only, and it is not named', { provider: undefined }, 'on to the provider'],
  ['the organisation is named', { organization: 'here' }, 'on to the provider'],
  ['another organisation', { organization: 'elsewhere' }, 'page'],
  ['no client', { client_id: undefined }, 'page'],
  ['a client nobody registered', { client_id: 'nobody' }, 'page'],
  ['no address', { redirect_uri: undefined }, 'page'],
  ['a hostile address', { redirect_uri: 'https://evil.example/' }, 'page'],
  ['an address with a path more', { redirect_uri: `${appUri}/more` }, 'page'],
  ['an address with a query', { redirect_uri: `${appUri}?next=https://evil.example` }, 'page'],
  ['an address in other letters', { redirect_uri: appUri.toUpperCase() }, 'page'],
  ["the address of another client's", { redirect_uri: deskUri }, 'page'],
  ["the older address's return address", { redirect_uri: 'https://app.example/return' }, 'page'],
  ['no response type', { response_type: undefined }, 'invalid_request'],
  ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
  ['the hybrid flow', { response_type: 'code id_token' }, 'unsupported_response_type'],
  ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['PKCE without a method, which means plain', { code_challenge_method: undefined }, 'invalid_request'],
  ['a challenge that is none', { code_challenge: 'short' }, 'invalid_request'],
  ['a fragment as the way of answering', { response_mode: 'fragment' }, 'invalid_request'],
  ['query as the way of answering', { response_mode: 'query' }, 'on to the provider'],
  ['nobody may be asked', { prompt: 'none' }, 'login_required'],
  ['an age of the login', { max_age: '60' }, 'invalid_request'],
  ['a request object', { request: 'eyJ' }, 'request_not_supported'],
  ['a request by reference', { request_uri: 'https://evil.example/' }, 'request_uri_not_supported'],
  ['scopes of which one is known', { scope: 'email openid' }, 'on to the provider'],
  ['scopes of which none is known', { scope: 'email' }, 'invalid_scope'],
  ['a provider that is not there', { provider: 'bankid' }, 'invalid_request'],
  ["the coordinators' provider", { provider: 'staff' }, 'invalid_request'],
  ["the coordinators' app with the members' provider", { client_id: 'desk', redirect_uri: deskUri }, 'invalid_request'],
  [
    'a coordinator who wants to link',
    { client_id: 'desk', redirect_uri: deskUri, provider: 'staff', intent: 'link' },
    'invalid_request',
  ],
  ['a link without a token', { intent: 'link' }, 'access_denied'],
];

test('whatever an app, or somebody else, asks for is answered by the standard, and never sent to where nobody registered', async () => {
  for (const [name, changes, expected] of requests) {
    const { organization } = changes;
    const named = organization === 'here' ? { organization: place.organization.slug } : {};
    await inCase(name, async () => assert.equal(await answerTo({ ...changes, ...named }), expected));
  }
  assert.equal(await answerTo({}, '&scope=openid&scope=email'), 'invalid_request', 'twice');
  assert.equal(
    await answerTo({}, `&redirect_uri=${encodeURIComponent('https://evil.example/')}`),
    'page',
    'two addresses',
  );
  assert.equal((await fetch(`${place.callbackUrl}/authorize`, { method: 'POST' })).status, 405);
});

async function post(path: string, form: Record<string, string>) {
  const response = await fetch(`${place.callbackUrl}${path}`, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, error: ((await response.json().catch(() => ({}))) as { error?: string }).error };
}

test('a code is good for the app that asked and for the address it was sent to', async () => {
  const wrong: Record<string, string>[] = [
    { redirect_uri: appUri },
    { client_id: 'desk', redirect_uri: appUri },
    { client_id: 'members-app' },
    { client_id: 'members-app', redirect_uri: deskUri },
  ];
  for (const form of wrong) {
    await inCase(JSON.stringify(form), async () => {
      const { address, checks } = await request(await discover('oauth2'));
      const back = await visit(address, visitor);
      const code = back.searchParams.get('code') ?? '';
      const grant = { grant_type: 'authorization_code', code, code_verifier: checks.pkceCodeVerifier };
      assert.deepEqual(await post('/token', { ...grant, ...form }), { status: 400, error: 'invalid_grant' });
      const right = { ...grant, client_id: 'members-app', redirect_uri: appUri };
      assert.deepEqual(
        await post('/token', right),
        { status: 400, error: 'invalid_grant' },
        'used up by the wrong one',
      );
    });
  }
});

test("another app's refresh token is refused, and costs the session nothing", async () => {
  const { configuration, refreshToken } = await logIn();
  const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
  assert.deepEqual(await post('/token', { ...grant, client_id: 'desk' }), { status: 400, error: 'invalid_grant' });
  assert.deepEqual(await post('/token', grant), { status: 400, error: 'invalid_grant' });
  await post('/revoke', { token: refreshToken, client_id: 'desk' });
  await client.refreshTokenGrant(configuration, refreshToken);
});

test('signing out answers the same whether or not there was anything to end, and needs a form', async () => {
  const { refreshToken } = await logIn();
  const own = { client_id: 'members-app' };
  assert.equal((await post('/revoke', { ...own, token: 'x'.repeat(43) })).status, 200);
  assert.equal((await post('/revoke', { ...own, token: 'a.b.c' })).status, 200);
  assert.equal((await post('/revoke', { ...own, token: refreshToken, token_type_hint: 'access_token' })).status, 200);
  assert.equal((await post('/revoke', { ...own, token: refreshToken })).status, 200);
  assert.deepEqual(await post('/revoke', own), { status: 400, error: 'invalid_request' });
  const bare = await fetch(`${place.callbackUrl}/revoke`, {
    method: 'POST',
    body: 'token=x',
    headers: { 'content-type': 'text/plain' },
  });
  assert.equal(bare.status, 415);
});

test('an app that is taken away takes its sessions along', async () => {
  const { configuration, refreshToken } = await logIn();
  await place.db.pool.query(`delete from registry.oauth_clients where client_id = 'members-app'`);
  await assert.rejects(client.refreshTokenGrant(configuration, refreshToken), { error: 'invalid_grant' });
});
