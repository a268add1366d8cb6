import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { comeBack, get, logIn, start, startUrl, token, tokensOf } from '../support/browser.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startWorld, startWorlds, type World } from '../support/world.ts';

/** What browsers say when they fetch an address that nobody has opened yet, as they write it or have written it. */
const guesses: [string, string][] = [
  ['sec-purpose', 'prefetch'],
  ['sec-purpose', 'prefetch;prerender'],
  ['sec-purpose', 'prefetch; prerender'],
  ['sec-purpose', 'prefetch;anonymous-client-ip'],
  ['sec-purpose', 'Prefetch'],
  ['sec-purpose', 'something-new, prefetch'],
  ['purpose', 'prefetch'],
  ['purpose', 'preview'],
  ['x-purpose', 'preview'],
  ['x-purpose', 'prefetch'],
  ['x-moz', 'prefetch'],
];

test('a prefetched callback uses nothing up: the person who then opens the address is logged in', async () => {
  await using worlds = await startWorlds(guesses.map(() => ({})));
  for (const [at, [name, value]] of guesses.entries()) {
    await inCase(`${name}: ${value}`, async () => {
      const world = worlds[at] as World;
      const started = await start(world);
      const address = world.provider.authorize(started.address, world.person);
      const prefetched = await get(new URL(address.pathname + address.search, world.url), {
        cookie: started.cookie,
        [name]: value,
      });
      assert.equal(prefetched.status, 403);
      assert.equal(prefetched.headers.get('location'), null);
      assert.deepEqual(prefetched.headers.getSetCookie(), [], 'the cookie of the login stays');
      assert.equal(prefetched.headers.get('cache-control'), 'no-store', 'nor is the refusal shown to the person');
      assert.equal(world.provider.count('/token'), 0);
      const ended = await comeBack(world, address, started.cookie);
      assert.equal(ended.error, null);
      assert.equal((await world.observations()).length, 1);
    });
  }
});

test('no route that uses something up answers a prefetch, and none counts it against the address', async () => {
  await using world = await startWorld({
    environment: { RATE_STARTS: '2', RATE_CALLBACKS: '2', RATE_TOKENS: '2', RATE_WEBHOOKS: '2' },
  });
  const { slug } = world.organization;
  const routes: [string, string][] = [
    ['GET', startUrl(world, 'state-of-the-app', 'v'.repeat(43)).href.slice(world.url.length)],
    ['GET', `/callback/${slug}/vipps?code=x&state=${'x'.repeat(43)}`],
    ['GET', `/consent/${slug}/vipps?request=x`],
    ['POST', `/consent/${slug}/vipps`],
    ['POST', '/token'],
    ['POST', '/link'],
    ['POST', `/webhooks/${slug}/vipps/${'s'.repeat(43)}`],
  ];
  for (const [method, path] of routes) {
    await inCase(`${method} ${path.split('?')[0]}`, async () => {
      const send = (headers: Record<string, string>) => rawRequest(world.url, { method, path, headers });
      for (let nth = 0; nth < 5; nth += 1) assert.equal((await send({ 'sec-purpose': 'prefetch' })).status, 403);
      assert.ok(![403, 429].includes((await send({})).status), 'the real request is not turned away');
    });
  }
});

test('what is only read may be prefetched, and other words in these headers mean nothing', async () => {
  await using world = await startWorld();
  const prefetch = { 'sec-purpose': 'prefetch' };
  for (const path of ['/livez', '/readyz', '/.well-known/jwks.json']) {
    assert.equal((await get(world.url + path, prefetch)).status, 200, path);
  }
  for (const value of ['', 'navigate', 'prefetched', 'no-prefetch']) {
    const response = await get(startUrl(world, 'state-of-the-app', 'v'.repeat(43)), { purpose: value });
    assert.equal(response.status, 302, value);
  }
});

test('a login goes on as before around a prefetch of each of its steps', async () => {
  await using world = await startWorld();
  const login = await logIn(world);
  const form = { grant_type: 'authorization_code', code: login.code ?? '', code_verifier: login.codeVerifier };
  assert.equal((await token(world, form, { purpose: 'prefetch' })).status, 403);
  const answer = await token(world, form);
  assert.equal(answer.status, 200);
  assert.ok((await tokensOf(answer)).refresh_token);
});
