import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { createPlaces } from '../../../runtime/http/places.ts';
import type { Place } from '../../../runtime/http/request-context.ts';
import { until } from '../../support/until.ts';
import { get, logIn, type Started, start, startUrl, token } from '../support/browser.ts';
import type { Respond } from '../support/provider.ts';
import { startWorld, type World } from '../support/world.ts';

/** Takes a place, and the provider's share where one is named; undefined when either is refused. */
function enter(places: ReturnType<typeof createPlaces>, route: string, address: string, issuer?: string) {
  const place = places.take(route, address);
  if (typeof place === 'string') return undefined;
  if (issuer === undefined || place.waitFor(issuer)) return place;
  place.leave();
  return undefined;
}

/** How many get in, one after the other, until one is refused. */
function fill(places: ReturnType<typeof createPlaces>, route: string, address: string, issuer?: string): number {
  for (let count = 0; ; count += 1) if (enter(places, route, address, issuer) === undefined) return count;
}

test('one provider that hangs leaves half of the places to the others, and another one after it half of the rest', () => {
  const places = createPlaces({ capacity: 1_000, perAddress: 1_000_000 });
  for (const [issuer, most] of [
    ['hangs', 500],
    ['hangs too', 250],
    ['and a third', 125],
  ] as const) {
    assert.equal(fill(places, 'callback', 'a', issuer), most);
    assert.deepEqual(places.full(), ['provider']);
    for (const newcomer of [enter(places, 'callback', 'a', 'answers'), enter(places, 'token', 'a')]) {
      assert.ok(newcomer);
      newcomer.leave();
    }
  }
});

test('one address gets what is set, whatever it asks for, and the others are served', () => {
  const places = createPlaces({ capacity: 1_000, perAddress: 100 });
  assert.equal(fill(places, 'token', 'greedy'), 100);
  assert.equal(places.take('login', 'greedy'), 'address');
  assert.ok(enter(places, 'token', 'modest'));
});

test('one route leaves a ninth of the places to the others', () => {
  const places = createPlaces({ capacity: 1_000, perAddress: 1_000_000 });
  assert.equal(fill(places, 'webhook', 'a'), 889);
  assert.equal(places.take('webhook', 'a'), 'route');
  assert.ok(enter(places, 'token', 'a'));
  for (const route of ['token', 'login']) fill(places, route, 'a');
  assert.ok(enter(places, 'consent', 'a'), 'a route that nobody has used finds a place');
});

test('whoever comes and goes in whatever order: never more than there are, a newcomer finds one, and all come back', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.record({
    leaves: fc.boolean(),
    route: name,
    address: name,
    issuer: fc.option(name, { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 300 }), (capacity, steps) => {
      const places = createPlaces({ capacity, perAddress: 1_000 });
      const here: Place[] = [];
      for (const { leaves, route, address, issuer } of steps) {
        if (leaves) here.shift()?.leave();
        else here.push(...[enter(places, route, address, issuer) ?? []].flat());
        assert.ok(here.length <= capacity);
        const full = here.length === capacity;
        assert.equal(places.full().includes('places'), full);
        if (full) continue;
        const newcomer = enter(places, 'somewhere else', 'somebody else', 'another provider');
        assert.ok(newcomer, `${here.length} of ${capacity}`);
        newcomer.leave();
      }
      for (const place of here) place.leave();
      assert.deepEqual(places.full(), []);
      assert.equal(fill(places, 'a', 'a', 'a'), Math.max(1, Math.floor(capacity / 2)));
    }),
  );
});

/** Answers nothing until it is let go; resolves when so many have asked. */
function hang(count: number): { respond: Respond; asked: Promise<void>; letGo(): void } {
  const asked = Promise.withResolvers<void>();
  const open: (() => void)[] = [];
  const respond: Respond = (_, response) => {
    open.push(() => response.writeHead(503).end());
    if (open.length === count) asked.resolve();
  };
  return { respond, asked: asked.promise, letGo: () => open.splice(0).forEach((end) => void end()) };
}

const readyz = async (world: World) => {
  const response = await get(`${world.url}/readyz`);
  return { status: response.status, body: (await response.json()) as { status: string; full?: string[] } };
};

test('callbacks that wait for one hanging provider keep nobody from logging in by another, and /readyz tells', async () => {
  await using world = await startWorld({
    environment: { MAX_CONCURRENT_REQUESTS: '20' },
    more: [{ provider: 'bankid', client_id: 'other', personnummer_from: 'userinfo' }],
  });
  const [other] = world.more;
  assert.ok(other);
  const started: Started[] = [];
  for (let nth = 0; nth < 15; nth += 1) started.push(await start(world));
  const hanging = hang(10);
  world.provider.respond.set('/token', hanging.respond);
  const answers: Response[] = [];
  const callbacks = started.map(async ({ address, cookie }) => {
    const back = world.provider.authorize(address, world.person);
    answers.push(await get(new URL(back.pathname + back.search, world.url), { cookie }));
  });
  await hanging.asked;
  await until('those who found the half of this provider taken', () => answers.length === 5);
  for (const { headers } of answers) {
    assert.equal(new URL(headers.get('location') ?? '').searchParams.get('error'), 'temporarily_unavailable');
  }
  assert.deepEqual(await readyz(world), { status: 200, body: { status: 'ready', full: ['provider'] } });

  const honest = { ...world, provider: other, providerName: 'bankid' };
  for (let nth = 0; nth < 5; nth += 1) assert.equal((await logIn(honest)).error, null, world.logLines.join(''));
  assert.equal((await token(world, {})).status, 400, 'the app is answered too');
  hanging.letGo();
  await Promise.all(callbacks);
  assert.ok(answers.every(({ status }) => status === 302));
  assert.equal(world.provider.count('/token'), 10);
  assert.deepEqual(await readyz(world), { status: 200, body: { status: 'ready' } });
});

test('beyond its capacity the process says so at once, /readyz too, and is itself again afterwards', async () => {
  await using world = await startWorld({ environment: { MAX_CONCURRENT_REQUESTS: '1' } });
  const url = startUrl(world, 'some state', 'v'.repeat(43));
  const hanging = hang(1);
  world.provider.respond.set('/.well-known/openid-configuration', hanging.respond);
  const held = get(url);
  await hanging.asked;
  for (const refused of [await get(url), await token(world, {})]) {
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '1');
  }
  const told = await readyz(world);
  assert.equal(told.status, 503);
  assert.equal(told.body.status, 'not_ready');
  assert.ok(told.body.full?.includes('places'));
  assert.equal((await get(`${world.url}/livez`)).status, 200);
  hanging.letGo();
  await held;
  assert.equal((await token(world, {})).status, 400);
  assert.deepEqual(await readyz(world), { status: 200, body: { status: 'ready' } });
});
