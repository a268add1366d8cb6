import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, beforeEach, test } from 'vitest';
import { insertRow } from '../../../local/sample-data/insert-row.ts';
import { logIn, visit } from '../../../local/scripted-login.ts';
import { inCase } from '../../support/in-case.ts';
import { startTestPostgrest } from '../../support/postgrest.ts';
import { addOrganization, addProvider } from '../../support/samples.ts';
import { appUri, deskUri, type StandardPlace, startStandardPlace } from '../support/standard-place.ts';
import { number } from '../support/world.ts';

// A coordinator signs in with the organisation's own provider, which was made with oidc-provider and says more than it is asked.

let place: StandardPlace;
beforeAll(async () => {
  place = await startStandardPlace({
    unverified: { email: 'unverified@example.no', emailVerified: false },
    weak: { email: 'weak@example.no', weakLogin: true },
    cancels: { declines: true },
  });
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => place.db.pool.query('delete from registry.coordinators'));

const invite = (email: string) =>
  insertRow<{ user_id: string }>(place.db.pool, 'registry.coordinators', {
    organization_id: place.organization.id,
    email,
    invited_at: new Date(),
  });

/** The desk's way to a session; `meanwhile` happens between the answer to the browser and the exchange of the code. */
async function signIn(person = 'kari', meanwhile: () => Promise<unknown> = async () => undefined) {
  const options = { execute: [client.allowInsecureRequests], algorithm: 'oauth2' as const };
  const metadata = { token_endpoint_auth_method: 'none' };
  const configuration = await client.discovery(new URL(place.callbackUrl), 'desk', metadata, client.None(), options);
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const address = client.buildAuthorizationUrl(configuration, {
    redirect_uri: deskUri,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    provider: 'staff',
    organization: place.organization.slug,
  });
  const back = await visit(address, { returnTo: deskUri, person });
  await meanwhile();
  const tokens = await client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier, expectedState });
  const refresh = (token = tokens.refresh_token ?? '') => client.refreshTokenGrant(configuration, token);
  return { tokens, refresh, claims: decodeJwt(tokens.access_token) };
}

const rowsOf = async (text: string) => (await place.db.pool.query(text)).rows;
const refused = (error: string) => (thrown: { error?: string }) => thrown.error === error;

test('an invited coordinator is signed in, and nothing of the login is kept: no observation, no number, no member touched', async () => {
  const { user_id } = await invite('KARI@example.no');
  const before = await rowsOf('select to_jsonb(m) as row from registry.members as m');
  const { tokens, claims } = await signIn();
  assert.equal(claims.sub, user_id);
  assert.equal(tokens.expires_in, 900);
  assert.equal((claims.app_metadata as Record<string, unknown>).audience, 'coordinators');
  assert.deepEqual(await rowsOf('select from registry.observations'), []);
  assert.deepEqual(await rowsOf('select from registry.identity_links'), []);
  assert.deepEqual(await rowsOf('select from sync.pushes'), []);
  assert.deepEqual(await rowsOf('select to_jsonb(m) as row from registry.members as m'), before);
  const { rows } = await place.db.pool.query(`select string_agg(e::text, '') as text from audit.events as e`);
  const audit = rows[0]?.text as string;
  for (const secret of [number, 'kari@example.no']) {
    assert.ok(!place.logLines.join('').toLowerCase().includes(secret), 'log');
    assert.ok(!audit.toLowerCase().includes(secret), 'audit');
  }
  assert.equal((await signIn()).claims.sub, user_id, 'the second time by issuer and subject');
});

test('nobody else is signed in, and the app is told one and the same', async () => {
  const cases: [name: string, person: string, invited: string, error: string][] = [
    ['not invited', 'kari', 'somebody@example.no', 'coordinator_not_found'],
    ['an address that is not verified', 'unverified', 'unverified@example.no', 'coordinator_not_found'],
    ['no second factor', 'weak', 'weak@example.no', 'login_failed'],
    ['cancelled', 'cancels', 'kari@example.no', 'access_denied'],
  ];
  for (const [name, person, invited, error] of cases) {
    await inCase(name, async () => {
      await place.db.pool.query('delete from registry.coordinators');
      await invite(invited);
      await assert.rejects(signIn(person), refused(error));
      assert.deepEqual(await rowsOf(`select from registry.coordinators where state = 'bound'`), []);
      assert.deepEqual(await rowsOf(`select from registry.sessions where audience = 'coordinators'`), []);
    });
  }
});

test('an invitation of another organisation is none here', async () => {
  const other = await addOrganization(place.db);
  await addProvider(place.db, other, { provider: 'staff', issuer: 'https://staff.other.example' });
  const row = { organization_id: other.id, email: 'kari@example.no', invited_at: new Date() };
  await insertRow(place.db.pool, 'registry.coordinators', row);
  await assert.rejects(signIn(), refused('coordinator_not_found'));
});

test('removed between the page and the code, or after it: the session is over at the next request', async () => {
  await invite('kari@example.no');
  const remove = () => place.db.pool.query('delete from registry.coordinators');
  await assert.rejects(signIn('kari', remove), refused('invalid_grant'));
  await invite('kari@example.no');
  const { refresh } = await signIn();
  await remove();
  await assert.rejects(refresh(), refused('invalid_grant'));
});

test('refresh tokens rotate, an old one ends the family, and a member’s never becomes a coordinator’s', async () => {
  await invite('kari@example.no');
  const { tokens, refresh } = await signIn();
  const next = await refresh();
  assert.equal(decodeJwt(next.access_token).sub, decodeJwt(tokens.access_token).sub);
  assert.equal((await refresh()).refresh_token, next.refresh_token, 'within a minute, because an answer is lost');
  const third = await refresh(next.refresh_token);
  await assert.rejects(refresh(), refused('invalid_grant'));
  await assert.rejects(refresh(third.refresh_token), refused('invalid_grant'), 'the whole family');
  const login = { callbackUrl: place.callbackUrl, organization: place.organization.slug, provider: 'vipps' };
  const member = await logIn({ ...login, returnTo: 'https://app.example/return', person: 'member' });
  assert.ok(member.status === 'logged_in');
  assert.equal((decodeJwt(member.accessToken).app_metadata as { audience: string }).audience, 'members');
  assert.notEqual(decodeJwt(member.accessToken).sub, decodeJwt(tokens.access_token).sub, 'one person, two user ids');
  await assert.rejects(refresh(member.refreshToken), refused('invalid_grant'));
});

test('a coordinator’s token links no login', async () => {
  await invite('kari@example.no');
  const { tokens } = await signIn();
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const response = await fetch(`${place.callbackUrl}/link`, { method: 'POST', headers });
  assert.deepEqual([response.status, await response.json()], [401, { error: 'invalid_token' }]);
});

test('through PostgREST a coordinator’s token reads until the session ends, and a member’s reads nothing at all', async () => {
  await invite('kari@example.no');
  await using api = await startTestPostgrest(place.db);
  const { tokens, refresh } = await signIn();
  const seen = async (token: string) => {
    const { data, error } = await api.client(token).from('my_profile').select('organization');
    assert.equal(error, null);
    return data?.length;
  };
  assert.equal(await seen(tokens.access_token), 1);
  const { organization, callbackUrl } = place;
  const login = { callbackUrl, organization: organization.slug, provider: 'vipps', person: 'member' };
  const member = await logIn({ ...login, returnTo: 'https://app.example/return' });
  assert.ok(member.status === 'logged_in');
  // Even if somebody made the member's own user id a coordinator's.
  const user_id = decodeJwt(member.accessToken).sub;
  await insertRow(place.db.pool, 'registry.coordinators', { user_id, organization_id: organization.id });
  for (const view of ['my_profile', 'coordinators', 'open_conflicts', 'members']) {
    const answer: { data: unknown; error: unknown } = await api.client(member.accessToken).from(view).select('*');
    assert.deepEqual([answer.data, answer.error], [[], null], view);
  }
  const next = await refresh();
  const body = new URLSearchParams({ token: next.refresh_token ?? '', client_id: 'desk' });
  assert.equal((await fetch(`${callbackUrl}/revoke`, { method: 'POST', body })).status, 200);
  assert.equal(await seen(next.access_token), 0);
});

test('by the older address the code goes to apps for coordinators too, and nowhere else', async () => {
  await invite('kari@example.no');
  const login = {
    callbackUrl: place.callbackUrl,
    organization: place.organization.slug,
    provider: 'staff',
    person: 'kari',
  };
  assert.equal((await logIn({ ...login, returnTo: deskUri })).status, 'logged_in');
  for (const returnTo of [appUri, 'https://app.example/return', 'https://evil.example/']) {
    await assert.rejects(logIn({ ...login, returnTo }), /page with status 400/, returnTo);
  }
});
