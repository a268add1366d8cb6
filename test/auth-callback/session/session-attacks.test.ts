import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { comeBack, get, logIn, start, startUrl, token, tokensOf } from '../support/browser.ts';
import { returnTo, samplePerson, startWorld, type World } from '../support/world.ts';

const redeem = (world: World, code: string | null, code_verifier: string) =>
  token(world, { grant_type: 'authorization_code', code: code ?? '', code_verifier });
const refresh = (world: World, refresh_token: string) => token(world, { grant_type: 'refresh_token', refresh_token });

test('login CSRF: a victim’s browser does not finish a login that the attacker began', async () => {
  await using world = await startWorld();
  const attackers = await start(world);
  const victims = await start(world);
  const address = world.provider.authorize(attackers.address, samplePerson());
  for (const cookie of [undefined, victims.cookie]) {
    assert.equal((await comeBack(world, address, cookie)).status, 400);
  }
  assert.equal(world.provider.count('/token'), 0);
  assert.equal((await world.observations()).length, 0);
});

test('code injection: a code stolen at the provider is worth nothing in another login', async () => {
  await using world = await startWorld();
  const victims = await start(world);
  const stolen = world.provider.authorize(victims.address, samplePerson()).searchParams.get('code') ?? '';
  const attackers = await start(world);
  const address = world.provider.authorize(attackers.address, samplePerson());
  address.searchParams.set('code', stolen);
  assert.equal((await comeBack(world, address, attackers.cookie)).error, 'login_failed');
});

test('fixation: every login has a session of its own, and nothing from before it is good afterwards', async () => {
  await using world = await startWorld();
  const [one, two] = [await logIn(world), await logIn(world)];
  const first = await tokensOf(await redeem(world, one.code, one.codeVerifier));
  const second = await tokensOf(await redeem(world, two.code, two.codeVerifier));
  const sessionOf = (jwt: string) =>
    JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).session_id;
  assert.notEqual(sessionOf(first.access_token), sessionOf(second.access_token));
  assert.notEqual(one.code, two.code);
  // A planted cookie of a finished login is no session: there is nothing to fix.
  assert.equal((await get(`${world.url}/token`, { cookie: one.cookie })).status, 405);
  const again = await comeBack(world, world.provider.authorize(one.address, world.person), one.cookie);
  assert.equal(again.status, 400);
});

test('our cookies never hold a session: tokens are for the app alone, and answered in bodies only', async () => {
  await using world = await startWorld();
  const login = await logIn(world);
  const response = await redeem(world, login.code, login.codeVerifier);
  assert.deepEqual(response.headers.getSetCookie(), []);
  assert.deepEqual(
    [response.headers.get('cache-control'), response.headers.get('referrer-policy')],
    ['no-store', 'no-referrer'],
  );
  assert.deepEqual([...(login.location?.searchParams.keys() ?? [])].sort(), ['code', 'iss', 'state']);
});

test('PKCE downgrade: neither the app nor whoever stole its code gets around the verifier', async () => {
  await using world = await startWorld();
  const downgrades: Record<string, string | undefined>[] = [
    { code_challenge: undefined, code_challenge_method: undefined },
    { code_challenge_method: undefined },
    { code_challenge_method: 'plain' },
    { code_challenge_method: 's256' },
    { code_challenge: '' },
  ];
  for (const query of downgrades) {
    await inCase(JSON.stringify(query), async () => {
      const response = await get(startUrl(world, 'state-of-the-app', 'v'.repeat(43), { query }));
      assert.equal(new URL(response.headers.get('location') ?? '').searchParams.get('error'), 'invalid_request');
    });
  }
  const verifiers: ((login: { codeVerifier: string }) => Record<string, string>)[] = [
    () => ({}),
    () => ({ code_verifier: '' }),
    ({ codeVerifier }) => ({ code_verifier: createHash('sha256').update(codeVerifier).digest('base64url') }),
    ({ codeVerifier }) => ({ code_verifier: `${codeVerifier}A` }),
    ({ codeVerifier }) => ({ code_challenge: createHash('sha256').update(codeVerifier).digest('base64url') }),
  ];
  for (const [at, verifier] of verifiers.entries()) {
    await inCase(`verifier ${at}`, async () => {
      const login = await logIn(world);
      const form = { grant_type: 'authorization_code', code: login.code ?? '', ...verifier(login) };
      const response = await token(world, form);
      assert.equal(response.status, 400);
    });
  }
});

test('a stolen refresh token gives no chain of its own, and who comes with the older token ends the family', async () => {
  await using world = await startWorld();
  const login = await logIn(world);
  const { refresh_token: stolen } = await tokensOf(await redeem(world, login.code, login.codeVerifier));
  const both = await Promise.all([stolen, stolen].map(async (each) => tokensOf(await refresh(world, each))));
  const [ofApp, ofThief] = both.map(({ refresh_token }) => refresh_token);
  assert.equal(ofApp, ofThief, 'two chains would live side by side unnoticed');
  const next = await tokensOf(await refresh(world, ofThief ?? ''));
  const later = await tokensOf(await refresh(world, next.refresh_token));
  assert.equal((await refresh(world, ofApp ?? '')).status, 400);
  assert.equal((await refresh(world, later.refresh_token)).status, 400, 'the family is over');
});

test('a code and a refresh token are not each other, and a guess is neither', async () => {
  await using world = await startWorld();
  const login = await logIn(world);
  assert.equal((await refresh(world, login.code ?? '')).status, 400);
  const { refresh_token } = await tokensOf(await redeem(world, login.code, login.codeVerifier));
  assert.equal((await redeem(world, refresh_token, login.codeVerifier)).status, 400);
  assert.equal((await refresh(world, randomBytes(32).toString('base64url'))).status, 400);
  assert.equal((await refresh(world, refresh_token)).status, 200, 'none of this has ended the session');
});

test('an open redirector is not to be had, however the address is written', async () => {
  await using world = await startWorld();
  const addresses = [
    ...['//evil.example', '/\\evil.example', '/%2f/evil.example', 'https:evil.example', 'javascript:alert(1)', '/', ''],
    ...[
      `${returnTo}@evil.example`,
      'https://app.example@evil.example/return',
      'https://app.example.evil.example/return',
    ],
    ...[
      `${returnTo}#x`,
      `${returnTo}\t`,
      ` ${returnTo}`,
      'https://app.example/return/../evil',
      'HTTPS://APP.EXAMPLE/return',
    ],
  ];
  for (const return_to of addresses) {
    const response = await get(startUrl(world, 'state-of-the-app', 'v'.repeat(43), { query: { return_to } }));
    assert.deepEqual([response.status, response.headers.get('location')], [400, null], return_to);
  }
});
