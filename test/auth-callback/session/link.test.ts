import assert from 'node:assert/strict';
import { importJWK, SignJWT } from 'jose';
import { onTestFinished, test, vi } from 'vitest';
import { createKeyPair } from '../../../key-tools/new-keys.ts';
import { inCase } from '../../support/in-case.ts';
import { addMember } from '../../support/samples.ts';
import {
  comeBack,
  type Ended,
  get,
  logIn,
  type Started,
  shapeOf,
  start,
  startUrl,
  token,
  tokensOf,
} from '../support/browser.ts';
import type { Person } from '../support/provider.ts';
import { samplePerson, startWorld, startWorlds, type World } from '../support/world.ts';

/** Kari, logged in; and a login of hers that nothing but explicit linking could find. */
async function signedIn(world: World): Promise<string> {
  const { code, codeVerifier } = await logIn(world);
  const form = { grant_type: 'authorization_code', code: code ?? '', code_verifier: codeVerifier };
  return (await tokensOf(await token(world, form))).access_token;
}

/** In name and birth date Kari's; nothing else of it could find her. */
const unknownLogin: Person = {
  sub: 'second-login-of-kari',
  userinfo: { given_name: 'Kari', family_name: 'Nordmann', birthdate: '1972-03-08', nin: '17858433347' },
};

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

/** The address that a member's app opens, followed to its end by whoever has it. */
async function followLink(world: World, accessToken: string, person: Person): Promise<Ended & Started> {
  const started = await start(world, { query: { intent: 'link', link_token: await linkToken(world, accessToken) } });
  return { ...started, ...(await comeBack(world, world.provider.authorize(started.address, person), started.cookie)) };
}

function redeem(world: World, { code, codeVerifier }: { code: string | null; codeVerifier: string }, bearer?: string) {
  const form = { grant_type: 'authorization_code', code: code ?? '', code_verifier: codeVerifier };
  return token(world, form, bearer === undefined ? {} : { authorization: `Bearer ${bearer}` });
}

/** Everything that a login may leave behind, but the observation itself. */
async function traces(world: World): Promise<Record<string, unknown>> {
  const { rows } = await world.db.pool.query(`
    select (select count(*)::int from registry.identity_links) as links, (select count(*)::int from registry.conflicts) as cases,
      (select count(*)::int from sync.pushes) as pushes, (select count(*)::int from registry.sessions) as sessions,
      (select string_agg(personnummer_masked, ' ' order by id) from registry.members) as numbers`);
  return rows[0];
}

test('a member who is logged in links another login, once per link token', async () => {
  await using world = await startWorld();
  assert.equal((await logIn(world, unknownLogin)).error, 'member_not_found');
  const accessToken = await signedIn(world);
  const link_token = await linkToken(world, accessToken);
  const started = await start(world, { query: { intent: 'link', link_token } });
  assert.ok(!started.address.href.includes(link_token));
  const ended = await comeBack(world, world.provider.authorize(started.address, unknownLogin), started.cookie);
  assert.ok(ended.code);
  const linked = await redeem(world, { ...started, code: ended.code }, accessToken);
  assert.equal(linked.status, 200);
  assert.equal((await tokensOf(linked)).user.id, world.member.user_id);
  const { rows } = await world.db.pool.query('select member_id from registry.identity_links where subject = $1', [
    unknownLogin.sub,
  ]);
  assert.deepEqual(rows, [{ member_id: world.member.id }]);
  assert.equal(await startError(world, { intent: 'link', link_token }), 'access_denied', 'used up');
  assert.ok((await logIn(world, unknownLogin)).code, 'linked for good');
});

test('whoever holds the address alone: nothing comes of it, whoever logs in, and the code is worth nothing', async () => {
  await using world = await startWorld();
  const ola = { given_name: 'Ola', family_name: 'Hansen', phone: '+4799999999', email: 'ola@example.no' };
  const olas = await addMember(world.db, world.organization, { ...ola, birth_date: '1984-05-17' });
  const claims = { ...ola, phone_number: '4799999999', birthdate: '1984-05-17', nin: '17858433347' };
  const persons: Record<string, Person> = {
    'a member who has logged in before': { ...samplePerson(claims), sub: 'login-of-ola' },
    'a member who comes for the first time': { ...samplePerson(claims), sub: 'new-login-of-ola' },
    'somebody who is no member': {
      ...samplePerson({ ...claims, phone_number: '4798888888', email: 'no@example.no' }),
      sub: 'no',
    },
    'the member who asked, with a login that is linked': world.person,
    'the member who asked, with a login that is not': unknownLogin,
  };
  assert.ok((await logIn(world, persons['a member who has logged in before'])).code);
  const accessToken = await signedIn(world);
  const other = await logIn(world, persons['a member who has logged in before']);
  const othersToken = (await tokensOf(await redeem(world, other))).access_token;
  const shapes = new Set<string>();
  for (const [who, person] of Object.entries(persons)) {
    await inCase(who, async () => {
      const before = await traces(world);
      const ended = await followLink(world, accessToken, person);
      assert.deepEqual(await traces(world), before);
      shapes.add(await shapeOf(ended));
      for (const bearer of [undefined, othersToken, 'a.b.c']) {
        const refused = await redeem(world, ended, bearer);
        assert.deepEqual([refused.status, await refused.json()], [400, { error: 'invalid_grant' }]);
      }
      assert.deepEqual(await traces(world), before);
    });
  }
  assert.equal(shapes.size, 1, [...shapes].join('\n'));
  const own = await logIn(world, persons['a member who comes for the first time']);
  const { user } = await tokensOf(await redeem(world, own));
  assert.equal(user.id, olas.user_id, 'who was talked into it comes in as themself');
});

test('whoever talks somebody else into it and gets the code out of them too learns nothing and gets nothing', async () => {
  await using world = await startWorld();
  const ola = { given_name: 'Ola', family_name: 'Hansen', phone: '+4799999999', email: 'ola@example.no' };
  const claims = { ...ola, phone_number: '4799999999', birthdate: '1984-05-17', nin: '17858433347' };
  const accessToken = await signedIn(world);
  const answers: unknown[] = [];
  for (const sub of ['ola-is-no-member', 'ola-is-a-member']) {
    const person = { ...samplePerson(claims), sub };
    if (sub === 'ola-is-a-member') {
      await addMember(world.db, world.organization, { ...ola, birth_date: '1984-05-17' });
      assert.ok((await logIn(world, person)).code);
    }
    const refused = await redeem(world, await followLink(world, accessToken, person), accessToken);
    const headers = [...refused.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
    answers.push([refused.status, await refused.json(), headers]);
  }
  assert.deepEqual(answers[0], answers[1]);
  assert.deepEqual((answers[0] as unknown[]).slice(0, 2), [400, { error: 'account_mismatch' }]);
  const { rows } = await world.db.pool.query('select kind from registry.conflicts order by opened_at');
  assert.deepEqual(rows, [{ kind: 'name_mismatch' }, { kind: 'subject_moved' }], 'a coordinator is asked');
});

test('a stolen link token opens nothing: the thief logs in, and has no access token of the member', async () => {
  await using world = await startWorld();
  const link_token = await linkToken(world, await signedIn(world));
  const started = await start(world, { query: { intent: 'link', link_token } });
  const thief = { ...unknownLogin, sub: 'login-of-the-thief' };
  const ended = await comeBack(world, world.provider.authorize(started.address, thief), started.cookie);
  const refused = await redeem(world, { ...started, code: ended.code });
  assert.equal(refused.status, 400);
  assert.equal((await logIn(world, thief)).error, 'member_not_found');
});

test('with an ordinary code a bearer token means nothing', async () => {
  await using world = await startWorld();
  const accessToken = await signedIn(world);
  for (const bearer of [accessToken, 'a.b.c']) {
    assert.equal((await redeem(world, await logIn(world), bearer)).status, 200);
  }
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
  const refused = await redeem(world, { ...started, code: ended.code }, accessToken);
  assert.equal(refused.status, 400, 'nor is the session’s end during the login overlooked');
  const { rows } = await world.db.pool.query('select from registry.identity_links where subject = $1', [
    unknownLogin.sub,
  ]);
  assert.equal(rows.length, 0);
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
