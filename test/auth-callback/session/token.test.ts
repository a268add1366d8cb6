import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { logIn, type Tokens, token, tokensOf } from '../support/browser.ts';
import { startWorld, type World } from '../support/world.ts';

async function signedIn(world: World): Promise<Tokens & { code: string; codeVerifier: string }> {
  const { code, codeVerifier } = await logIn(world);
  const response = await redeem(world, code ?? '', codeVerifier);
  assert.equal(response.status, 200);
  return { ...(await tokensOf(response)), code: code ?? '', codeVerifier };
}

const redeem = (world: World, code: string, code_verifier: string) =>
  token(world, { grant_type: 'authorization_code', code, code_verifier });
const refresh = (world: World, refresh_token: string) => token(world, { grant_type: 'refresh_token', refresh_token });

async function assertRefused(response: Response, error: string, status = 400): Promise<void> {
  assert.equal(response.status, status);
  assert.deepEqual(await response.json(), { error });
  assert.equal(response.headers.get('cache-control'), 'no-store');
}

test('codes and refresh tokens are stored as hashes only', async () => {
  await using world = await startWorld();
  const { code, refresh_token } = await signedIn(world);
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const { rows: sessions } = await world.db.pool.query('select * from registry.sessions');
  const { rows: tokens } = await world.db.pool.query('select * from registry.refresh_tokens');
  assert.ok(hash(code).equals(sessions[0].code_hash));
  assert.ok(hash(refresh_token).equals(tokens[0].token_hash));
  const everything = JSON.stringify([sessions, tokens]);
  assert.ok(!everything.includes(code) && !everything.includes(refresh_token));
});

test('a code is good once; its replay ends the session', async () => {
  await using world = await startWorld();
  const { code, codeVerifier, refresh_token } = await signedIn(world);
  await assertRefused(await redeem(world, code, codeVerifier), 'invalid_grant');
  await assertRefused(await refresh(world, refresh_token), 'invalid_grant');
});

test('a code without its verifier is worth nothing, also afterwards', async () => {
  await using world = await startWorld();
  const { code, codeVerifier } = await logIn(world);
  await assertRefused(await redeem(world, code ?? '', 'x'.repeat(43)), 'invalid_grant');
  await assertRefused(await redeem(world, code ?? '', codeVerifier), 'invalid_grant');
});

test('a code is good for a minute', async () => {
  await using world = await startWorld();
  const { code, codeVerifier } = await logIn(world);
  await world.db.pool.query(`update registry.sessions set code_expires_at = now() - interval '1 second'`);
  await assertRefused(await redeem(world, code ?? '', codeVerifier), 'invalid_grant');
});

test('a used code with a wrong verifier does not end the session that the right one opened', async () => {
  await using world = await startWorld();
  const { code, refresh_token } = await signedIn(world);
  await assertRefused(await redeem(world, code, 'x'.repeat(43)), 'invalid_grant');
  assert.equal((await refresh(world, refresh_token)).status, 200);
});

test('refresh tokens rotate and keep the session; the one before the last ends it', async () => {
  await using world = await startWorld();
  const first = await signedIn(world);
  const second = await tokensOf(await refresh(world, first.refresh_token));
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.user.id, first.user.id);
  assert.equal(sessionOf(second), sessionOf(first));
  const third = await tokensOf(await refresh(world, second.refresh_token));
  assert.equal(new Set([first, second, third].map(({ refresh_token }) => refresh_token)).size, 3);
  await assertRefused(await refresh(world, first.refresh_token), 'invalid_grant');
  await assertRefused(await refresh(world, third.refresh_token), 'invalid_grant');
});

test('a refresh whose answer was lost is asked again, and brings the same next token for a minute', async () => {
  await using world = await startWorld();
  const first = await signedIn(world);
  const lost = await tokensOf(await refresh(world, first.refresh_token));
  const again = await tokensOf(await refresh(world, first.refresh_token));
  assert.equal(again.refresh_token, lost.refresh_token);
  assert.equal(sessionOf(again), sessionOf(first));
  const next = await tokensOf(await refresh(world, again.refresh_token));
  await world.db.pool.query(`update registry.refresh_tokens set replaced_at = replaced_at - interval '61 seconds'`);
  await assertRefused(await refresh(world, again.refresh_token), 'invalid_grant');
  await assertRefused(await refresh(world, next.refresh_token), 'invalid_grant');
});

test('one refresh token used twenty times at once gives twenty answers, and the session lives on by any of them', async () => {
  await using world = await startWorld();
  const { refresh_token } = await signedIn(world);
  // A busy machine may answer 503, after which the app sends the same again, as docs/for-apps.md tells it to.
  const refreshed = async (): Promise<Tokens> => {
    const response = await refresh(world, refresh_token);
    if (response.status === 503) return refreshed();
    assert.equal(response.status, 200);
    return tokensOf(response);
  };
  const tokens = await Promise.all(Array.from({ length: 20 }, refreshed));
  assert.equal(new Set(tokens.map((each) => each.refresh_token)).size, 1);
  for (const each of tokens.slice(0, 3)) assert.equal((await refresh(world, each.refresh_token)).status, 200);
});

test('what the database keeps of a refresh makes no token: the one that was presented belongs to it', async () => {
  await using world = await startWorld();
  const first = await signedIn(world);
  const second = await tokensOf(await refresh(world, first.refresh_token));
  const { rows } = await world.db.pool.query('select * from registry.refresh_tokens');
  const stored: Buffer[] = rows.flatMap((row) => [row.token_hash, row.successor_salt]).filter((each) => each !== null);
  assert.equal(stored.length, 3);
  for (const bytes of stored) {
    for (const guess of [bytes, createHash('sha256').update(bytes).digest()]) {
      assert.notEqual(guess.toString('base64url'), second.refresh_token);
      assert.equal((await refresh(world, guess.toString('base64url'))).status, 400);
    }
  }
  assert.equal((await refresh(world, second.refresh_token)).status, 200);
});

test('requests that are no token requests get the error of the standard', async () => {
  await using world = await startWorld();
  const some = randomBytes(32).toString('base64url');
  const cases: [string, Record<string, string>, string][] = [
    ['nothing', {}, 'invalid_request'],
    ['another grant', { grant_type: 'password', username: 'a', password: 'b' }, 'unsupported_grant_type'],
    ['no code', { grant_type: 'authorization_code', code_verifier: some }, 'invalid_request'],
    ['no verifier', { grant_type: 'authorization_code', code: some }, 'invalid_request'],
    ['a code of somebody else', { grant_type: 'authorization_code', code: 'x', code_verifier: some }, 'invalid_grant'],
    ['an unknown code', { grant_type: 'authorization_code', code: some, code_verifier: some }, 'invalid_grant'],
    ['a short verifier', { grant_type: 'authorization_code', code: some, code_verifier: 'x' }, 'invalid_grant'],
    ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['an unknown refresh token', { grant_type: 'refresh_token', refresh_token: some }, 'invalid_grant'],
    ['a broken refresh token', { grant_type: 'refresh_token', refresh_token: `${some}\0` }, 'invalid_grant'],
  ];
  for (const [name, form, error] of cases) {
    await inCase(name, async () => assertRefused(await token(world, form), error));
  }
});

test('requests that do not have the form of a token request get the error of the standard too', async () => {
  await using world = await startWorld();
  const some = randomBytes(32).toString('base64url');
  await inCase('a parameter twice', async () => {
    const body = new URLSearchParams([
      ['grant_type', 'refresh_token'],
      ['refresh_token', some],
      ['refresh_token', some],
    ]);
    await assertRefused(await fetch(`${world.url}/token`, { method: 'POST', body }), 'invalid_request');
  });
  await inCase('JSON', async () => {
    const headers = { 'content-type': 'application/json' };
    await assertRefused(
      await fetch(`${world.url}/token`, { method: 'POST', headers, body: '{}' }),
      'invalid_request',
      415,
    );
  });
  await inCase('no content type', async () => {
    await assertRefused(await fetch(`${world.url}/token`, { method: 'POST' }), 'invalid_request', 415);
  });
  await inCase('more than 16 KiB', async () => {
    await assertRefused(await token(world, { grant_type: 'x'.repeat(17_000) }), 'invalid_request', 413);
  });
  await inCase('more than 16 KiB without saying so', async () => {
    const body = new Blob(['grant_type=', 'x'.repeat(17_000)]).stream();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`${world.url}/token`, { method: 'POST', headers, body, duplex: 'half' });
    await assertRefused(response, 'invalid_request', 413);
  });
  await inCase('GET', async () => {
    const response = await fetch(`${world.url}/token?grant_type=refresh_token`);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
  });
});

test('scripts of registered web apps may read the answer, others may not', async () => {
  await using world = await startWorld({
    organization: { return_to: ['https://app.example/return', 'no.nhf.app:/return'] },
  });
  const allowed = (response: Response) => response.headers.get('access-control-allow-origin');
  const ask = (origin: string, method = 'POST') =>
    fetch(`${world.url}/token`, { method, headers: { origin, 'access-control-request-method': 'POST' } });
  assert.equal(allowed(await ask('https://app.example')), 'https://app.example');
  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
    assert.equal(allowed(await ask(origin)), null);
  }
  const preflight = await ask('https://app.example', 'OPTIONS');
  assert.equal(preflight.status, 204);
  assert.equal(allowed(preflight), 'https://app.example');
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'POST');
  assert.equal(preflight.headers.get('access-control-allow-credentials'), null);
  assert.match(preflight.headers.get('vary') ?? '', /Origin/);
  const keys = await fetch(`${world.url}/.well-known/jwks.json`, { headers: { origin: 'https://app.example' } });
  assert.equal(allowed(keys), 'https://app.example');
});

test('the key set holds public parts only', async () => {
  await using world = await startWorld();
  const response = await fetch(`${world.url}/.well-known/jwks.json`);
  assert.match(response.headers.get('cache-control') ?? '', /max-age=300/);
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
  assert.deepEqual(
    keys.map((key) => Object.keys(key).sort()),
    [['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
  );
});

function sessionOf({ access_token }: Tokens): unknown {
  return JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString()).session_id;
}
