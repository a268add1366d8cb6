import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../../support/until.ts';
import { comeBack, get, logIn, start, startUrl, token, tokensOf } from '../support/browser.ts';
import { startProxiedWorld } from '../support/world.ts';

const boundMs = 3_500;

async function timed<Result>(action: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const startedAt = performance.now();
  return { result: await action(), ms: performance.now() - startedAt };
}

test('an answer lost on its way back is asked for again, and the login is recorded once', async () => {
  await using world = await startProxiedWorld();
  world.proxy.cutAfter('login.record_observation');
  const login = await logIn(world);
  assert.equal(world.proxy.lostAnswers(), 1);
  assert.equal(login.error, null);
  assert.deepEqual(
    (await world.observations()).map(({ outcome }) => outcome),
    ['filled'],
  );
});

test('an answer lost after the session was opened leads to that session', async () => {
  await using world = await startProxiedWorld();
  assert.equal((await logIn(world)).error, null);
  world.proxy.cutAfter('login.record_observation');
  const login = await logIn(world);
  assert.equal(world.proxy.lostAnswers(), 1);
  assert.equal(login.error, null);
  const exchanged = await token(world, {
    grant_type: 'authorization_code',
    code: login.code ?? '',
    code_verifier: login.codeVerifier,
  });
  assert.equal(exchanged.status, 200);
  assert.equal((await world.observations()).length, 2);
});

test('an exchange whose answer the database could not bring is asked for again, of a code and of a refresh token', async () => {
  await using world = await startProxiedWorld();
  const login = await logIn(world);
  world.proxy.cutAfter('login.redeem_code');
  const exchanged = await token(world, {
    grant_type: 'authorization_code',
    code: login.code ?? '',
    code_verifier: login.codeVerifier,
  });
  assert.equal(exchanged.status, 200);
  const { refresh_token } = await tokensOf(exchanged);
  world.proxy.cutAfter('login.rotate_refresh_token');
  const refreshed = await token(world, { grant_type: 'refresh_token', refresh_token });
  assert.equal(refreshed.status, 200);
  const next = await tokensOf(refreshed);
  assert.equal((await token(world, { grant_type: 'refresh_token', refresh_token: next.refresh_token })).status, 200);
  assert.equal(world.proxy.lostAnswers(), 2);
});

test('a session that cannot be opened along with the decision is opened by a call of its own', async () => {
  await using world = await startProxiedWorld();
  await world.db.pool.query(
    `create or replace function login.admit(observation_id uuid, member_id uuid, ask_consent boolean, code_hash bytea,
       code_challenge text, return_to text, client_id text default null, scope text[] default '{}', nonce text default null)
     returns text language sql as $$ select '55P03' $$`,
  );
  assert.equal((await logIn(world)).error, null);
  assert.equal((await world.observations()).length, 1);
});

test('a transaction whose consumption was not confirmed is not used: no token request', async () => {
  await using world = await startProxiedWorld();
  world.proxy.cutAfter('login.consume_transaction');
  const login = await logIn(world);
  assert.equal(world.proxy.lostAnswers(), 1);
  assert.deepEqual([login.status, login.error], [302, 'temporarily_unavailable']);
  assert.equal(world.provider.count('/token'), 0);
});

test('a link token whose use was not confirmed starts nothing, and nobody is told that it was used', async () => {
  await using world = await startProxiedWorld();
  const login = await logIn(world);
  const form = { grant_type: 'authorization_code', code: login.code ?? '', code_verifier: login.codeVerifier };
  const { access_token } = await tokensOf(await token(world, form));
  const headers = { authorization: `Bearer ${access_token}` };
  const answer = await fetch(`${world.url}/link`, { method: 'POST', headers });
  const { link_token } = (await answer.json()) as { link_token: string };
  world.proxy.cutAfter('login.consume_transaction');
  const url = startUrl(world, 'state-of-the-app', 'v'.repeat(43), { query: { intent: 'link', link_token } });
  const location = new URL((await get(url)).headers.get('location') ?? '');
  assert.equal(world.proxy.lostAnswers(), 1);
  assert.equal(location.searchParams.get('error'), 'temporarily_unavailable');
});

test('a database whose functions answer in another shape than this release knows lets nobody in, and the log says so', async () => {
  await using world = await startProxiedWorld();
  await world.db.pool.query(
    `create or replace function login.admit(observation_id uuid, member_id uuid, ask_consent boolean, code_hash bytea,
       code_challenge text, return_to text, client_id text default null, scope text[] default '{}', nonce text default null)
     returns text language sql as 'select null'`,
  );
  assert.equal((await logIn(world)).error, 'temporarily_unavailable');
  const line = world.logLines.find((each) => each.includes('observation_not_recorded')) ?? '';
  assert.match(line, /ZodError/);
  assert.ok(!line.includes(world.person.sub));
});

test('connections that broke while idle are not noticed by the next login', async () => {
  await using world = await startProxiedWorld();
  assert.equal((await logIn(world)).error, null);
  const started = await start(world);
  await world.db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'auth_callback' and datname = current_database()`,
  );
  const ended = await comeBack(world, world.provider.authorize(started.address, world.person), started.cookie);
  assert.equal(ended.error, null);
});

test('with the database down a login ends soon, with a redirect, and works again afterwards', async () => {
  await using world = await startProxiedWorld();
  const started = await start(world);
  const address = world.provider.authorize(started.address, world.person);
  world.proxy.cut();
  const { result, ms } = await timed(() => comeBack(world, address, started.cookie));
  assert.deepEqual([result.status, result.error], [302, 'temporarily_unavailable']);
  assert.ok(ms < boundMs, `${ms} ms`);
  assert.equal(world.provider.count('/token'), 0);
  const refused = await token(world, { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) });
  assert.equal(refused.status, 503);
  assert.ok(refused.headers.has('retry-after'));
  assert.deepEqual(await refused.json(), { error: 'temporarily_unavailable' });
  world.proxy.mend();
  assert.equal((await comeBack(world, address, started.cookie)).error, null);
});

test('with the database frozen a login ends within the bound, as does a start', async () => {
  await using world = await startProxiedWorld({ environment: { DATABASE_POOL_SIZE: '2' } });
  const started = await start(world);
  world.proxy.freeze();
  const address = world.provider.authorize(started.address, world.person);
  const { result, ms } = await timed(() => comeBack(world, address, started.cookie));
  assert.deepEqual([result.status, result.error], [302, 'temporarily_unavailable']);
  assert.ok(ms < boundMs, `${ms} ms`);
  world.proxy.mend();
  // One more than there are connections, so that each is used again, and no more, so that none waits long for its turn.
  const afterwards = await Promise.all([1, 2, 3].map(() => logIn(world)));
  assert.deepEqual(
    afterwards.map(({ error }) => error),
    [null, null, null],
    'no connection stays stuck',
  );
});

test('a database that freezes during the code exchange ends the login within the bound', async () => {
  await using world = await startProxiedWorld();
  const { provider } = world;
  const started = await start(world);
  provider.claims = (claims) => {
    world.proxy.freeze();
    return claims;
  };
  const address = provider.authorize(started.address, world.person);
  const { result, ms } = await timed(() => comeBack(world, address, started.cookie));
  assert.deepEqual([result.status, result.error], [302, 'temporarily_unavailable']);
  assert.ok(ms < boundMs, `${ms} ms`);
  assert.equal(provider.count('/token'), 1);
});

test('without ever having seen the providers there is a page that says when to come back', async () => {
  await using world = await startProxiedWorld();
  world.proxy.cut();
  const { result, ms } = await timed(() => get(startUrl(world, 'some state', 'v'.repeat(43))));
  assert.equal(result.status, 503);
  assert.ok(result.headers.has('retry-after'));
  assert.ok(ms < boundMs, `${ms} ms`);
});

test('readiness follows the database, liveness does not', async () => {
  await using world = await startProxiedWorld();
  const status = async (path: string) => (await fetch(`${world.url}${path}`)).status;
  assert.equal(await status('/readyz'), 200);
  world.proxy.cut();
  await until('not ready', async () => (await status('/readyz')) === 503, 5_000);
  assert.equal(await status('/livez'), 200);
  world.proxy.mend();
  await until('ready', async () => (await status('/readyz')) === 200, 10_000);
  const told = world.logLines.map((line) => JSON.parse(line)).filter(({ event }) => /^(not_)?ready/.test(event));
  assert.deepEqual(
    told.map(({ event, level, err }) => [event, level, err !== undefined]),
    [
      ['not_ready', 'warn', true],
      ['ready_again', 'info', false],
    ],
  );
});
