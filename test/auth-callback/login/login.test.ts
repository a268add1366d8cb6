import assert from 'node:assert/strict';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { test } from 'vitest';
import { logIn, type Tokens, token, tokensOf } from '../support/browser.ts';
import { number, publicUrl, returnTo, startWorld, type World } from '../support/world.ts';

/** A login to its end: the app exchanges its code for tokens. */
async function signIn(world: World): Promise<Tokens & { code: string }> {
  const login = await logIn(world);
  const code = login.code ?? '';
  const response = await token(world, {
    grant_type: 'authorization_code',
    code,
    code_verifier: login.codeVerifier,
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  return { ...(await tokensOf(response)), code };
}

test('a member logs in, the number is kept sealed, and the app gets a code', async () => {
  await using world = await startWorld();
  const login = await logIn(world);
  assert.equal(login.status, 302);
  assert.equal(`${login.location?.origin}${login.location?.pathname}`, returnTo);
  assert.equal(login.location?.searchParams.get('state'), login.appState);
  assert.match(login.code ?? '', /^[A-Za-z0-9_-]{43}$/);

  const [observation] = await world.observations();
  assert.equal(observation?.outcome, 'filled');
  assert.equal(observation?.member_id, world.member.id);
  assert.equal(observation?.phone, '+4791234567');
  assert.equal(observation?.phone_verified, true);
  assert.equal(observation?.personnummer_masked, '088372*****');
  assert.ok(!JSON.stringify(observation).includes(number));
});

test('the app exchanges the code for tokens that verify', async () => {
  await using world = await startWorld();
  const answer = await signIn(world);
  assert.equal(answer.token_type, 'bearer');
  assert.equal(answer.expires_in, 3600);
  assert.equal(answer.user.id, world.member.user_id);
  const keys = (await (await fetch(`${world.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  const { payload, protectedHeader } = await jwtVerify(answer.access_token, createLocalJWKSet(keys), {
    issuer: publicUrl,
    audience: 'authenticated',
    algorithms: ['ES256'],
  });
  assert.equal(protectedHeader.kid, keys.keys[0]?.kid);
  assert.equal(payload.sub, world.member.user_id);
  assert.equal(payload.role, 'authenticated');
  assert.equal(payload.is_anonymous, false);
  assert.deepEqual(payload.app_metadata, {
    organization: world.organization.slug,
    organization_id: world.organization.id,
    audience: 'members',
  });
  assert.match(String(payload.session_id), /^[0-9a-f-]{36}$/);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600);
});

test('the log of a whole login names nobody and holds no secret', async () => {
  await using world = await startWorld();
  const { code, access_token, refresh_token } = await signIn(world);
  const lines = world.logLines.join('');
  for (const secret of [number, code, access_token, refresh_token, 'Kari', '91234567']) {
    assert.ok(!lines.includes(secret));
  }
  assert.equal(world.logLines.filter((line) => line.includes('login_finished')).length, 1);
});
