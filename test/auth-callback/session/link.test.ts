import assert from 'node:assert/strict';
import { importJWK, SignJWT } from 'jose';
import { onTestFinished, test, vi } from 'vitest';
import { createKeyPair } from '../../../local/keys.ts';
import { inCase } from '../../support/in-case.ts';
import { addMember } from '../../support/samples.ts';
import { comeBack, get, logIn, start, startUrl, token, tokensOf } from '../support/browser.ts';
import { samplePerson, startWorld, startWorlds, type World } from '../support/world.ts';

/** Kari, logged in; and a login of hers that nothing but explicit linking could find. */
async function signedIn(world: World): Promise<string> {
  const { code, codeVerifier } = await logIn(world);
  const form = { grant_type: 'authorization_code', code: code ?? '', code_verifier: codeVerifier };
  return (await tokensOf(await token(world, form))).access_token;
}

const unknownLogin = { sub: 'second-login-of-kari', userinfo: { given_name: 'Kari', family_name: 'Nordmann' } };

function askForLink(world: World, accessToken?: string): Promise<Response> {
  const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
  return fetch(`${world.url}/link`, { method: 'POST', headers });
}

async function linkToken(world: World, accessToken: string): Promise<string> {
  const response = await askForLink(world, accessToken);
  assert.equal(response.status, 200);
  const answer = (await response.json()) as { link_token: string; expires_in: number };
  assert.equal(answer.expires_in, 120);
  return answer.link_token;
}

const startError = async (world: World, query: Record<string, string>, headers: Record<string, string> = {}) => {
  const response = await get(startUrl(world, 'state-of-the-app', 'v'.repeat(43), { query }), headers);
  assert.equal(response.status, 302);
  return new URL(response.headers.get('location') ?? '').searchParams.get('error');
};

test('a member who is logged in links another login, once per link token', async () => {
  await using world = await startWorld();
  assert.equal((await logIn(world, unknownLogin)).error, 'member_not_found');
  const link_token = await linkToken(world, await signedIn(world));
  const started = await start(world, { query: { intent: 'link', link_token } });
  assert.ok(!started.address.href.includes(link_token));
  const ended = await comeBack(world, world.provider.authorize(started.address, unknownLogin), started.cookie);
  assert.ok(ended.code);
  const { rows } = await world.db.pool.query('select member_id from registry.identity_links where subject = $1', [
    unknownLogin.sub,
  ]);
  assert.deepEqual(rows, [{ member_id: world.member.id }]);
  assert.equal(await startError(world, { intent: 'link', link_token }), 'access_denied', 'used up');
  assert.ok((await logIn(world, unknownLogin)).code, 'linked for good');
});

test('a scripted client may send its access token with the start instead', async () => {
  await using world = await startWorld();
  const authorization = `Bearer ${await signedIn(world)}`;
  const url = startUrl(world, 'state-of-the-app', 'v'.repeat(43), { query: { intent: 'link' } });
  const response = await get(url, { authorization });
  const address = new URL(response.headers.get('location') ?? '');
  const cookie = response.headers.getSetCookie().at(-1)?.split(';')[0];
  assert.ok((await comeBack(world, world.provider.authorize(address, unknownLogin), cookie)).code);
  const ordinary = await get(startUrl(world, 'state-of-the-app', 'v'.repeat(43)), { authorization });
  assert.ok(ordinary.headers.get('location')?.startsWith(world.provider.issuer), 'without intent it means nothing');
});

test('intent=link without leave for it goes nowhere', async () => {
  await using worlds = await startWorlds([{}, {}]);
  const [world, other] = worlds as unknown as [World, World];
  const theirs = await linkToken(other, await signedIn(other));
  const mine = await linkToken(world, await signedIn(world));
  const cases: [string, Record<string, string>, Record<string, string>][] = [
    ['nothing', {}, {}],
    ['a made-up token', { link_token: 'x'.repeat(100) }, {}],
    ['an empty token', { link_token: '' }, {}],
    ['a token with one character changed', { link_token: `${mine.slice(0, -4)}AAAA` }, {}],
    ['a token of another organisation', { link_token: theirs }, {}],
    ['a login cookie as token', { link_token: (await start(world)).cookie.split('=')[1] ?? '' }, {}],
    ['a made-up access token', {}, { authorization: 'Bearer a.b.c' }],
    ['an access token of another organisation', {}, { authorization: `Bearer ${await signedIn(other)}` }],
    ['another scheme', {}, { authorization: `Basic ${await signedIn(world)}` }],
  ];
  for (const [name, query, headers] of cases) {
    await inCase(name, async () => {
      assert.equal(await startError(world, { intent: 'link', ...query }, headers), 'access_denied');
    });
  }
  assert.equal(await startError(world, { intent: 'takeover' }), 'invalid_request');
  assert.equal(world.provider.count('/token') + other.provider.count('/token'), 4, 'only the ordinary logins');
});

test('a link token is good for two minutes, and only while the session lives', async () => {
  await using world = await startWorld();
  const accessToken = await signedIn(world);
  const [late, dead] = [await linkToken(world, accessToken), await linkToken(world, accessToken)];
  const started = await start(world, { query: { intent: 'link', link_token: await linkToken(world, accessToken) } });
  await world.db.pool.query(`update registry.sessions set ended_at = now(), end_reason = 'code_replayed'`);
  assert.equal(await startError(world, { intent: 'link', link_token: dead }), 'access_denied');
  assert.equal((await askForLink(world, accessToken)).status, 401);
  const ended = await comeBack(world, world.provider.authorize(started.address, unknownLogin), started.cookie);
  assert.equal(ended.error, 'access_denied', 'nor is the session’s end during the login overlooked');
  assert.equal((await world.observations()).filter((row) => row.subject === unknownLogin.sub).length, 0);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 121_000 });
  onTestFinished(() => void vi.useRealTimers());
  assert.equal(await startError(world, { intent: 'link', link_token: late }), 'access_denied');
});

test('only an access token of ours gets a link token', async () => {
  await using world = await startWorld();
  const good = await signedIn(world);
  const [header = '', payload = ''] = good.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const { privateKey } = createKeyPair('ec', { alg: 'ES256' });
  const forged = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: JSON.parse(Buffer.from(header, 'base64url').toString()).kid })
    .sign(await importJWK(privateKey as never, 'ES256'));
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
  for (const bad of [undefined, '', 'x', 'a.b.c', forged, unsigned, `${good}x`]) {
    const response = await askForLink(world, bad);
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
  }
  assert.equal((await fetch(`${world.url}/link`)).status, 405);
  assert.ok(!world.logLines.join('').includes(good));
});

test('a login that is somebody else’s already is not linked away', async () => {
  await using world = await startWorld();
  const ola = { given_name: 'Ola', family_name: 'Hansen', phone: '+4799999999', email: 'ola@example.no' };
  await addMember(world.db, world.organization, { ...ola, birth_date: '1984-05-17' });
  const person = samplePerson({ ...ola, phone_number: '4799999999', birthdate: '1984-05-17', nin: undefined });
  const olas = { ...person, sub: 'login-of-ola' };
  assert.ok((await logIn(world, olas)).code);
  const link_token = await linkToken(world, await signedIn(world));
  const started = await start(world, { query: { intent: 'link', link_token } });
  const ended = await comeBack(world, world.provider.authorize(started.address, olas), started.cookie);
  assert.equal(ended.error, 'account_ambiguous');
});

test('scripts of registered web apps may ask for a link token, others may not', async () => {
  await using world = await startWorld();
  const preflight = (origin: string) =>
    fetch(`${world.url}/link`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
  const ours = await preflight('https://app.example');
  assert.equal(ours.headers.get('access-control-allow-origin'), 'https://app.example');
  assert.match(ours.headers.get('access-control-allow-headers') ?? '', /authorization/);
  assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);
});
