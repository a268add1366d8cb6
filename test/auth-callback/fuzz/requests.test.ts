import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { start, startUrl } from '../support/browser.ts';
import { databaseText } from '../support/database-text.ts';
import { rawRequest } from '../support/raw-request.ts';
import { number, startWorld, type World } from '../support/world.ts';

const secret = 'a-secret-of-the-test';

/** What a request may be answered with; 500 is never among it. */
const expected = new Set([200, 204, 302, 303, 400, 401, 404, 405, 413, 414, 415, 429, 431]);

async function fuzzed(): Promise<World> {
  return startWorld({
    organization: { slug: 'fuzzed' },
    environment: { OIDC_WEBHOOK_SECRET_FUZZED: secret },
    providerRow: { consent_mode: 'own' },
  });
}

async function assertHarmless(world: World, started: number): Promise<void> {
  assert.ok(!world.logLines.some((line) => line.includes('request_failed')));
  for (const text of [await databaseText(world), world.logLines.join('')]) assert.ok(!text.includes(number));
  assert.ok(process.memoryUsage.rss() - started < 400 * 1024 * 1024);
  assert.equal((await fetch(`${world.url}/readyz`)).status, 200);
}

const name = fc.constantFrom(
  'return_to',
  'state',
  'code',
  'code_challenge',
  'code_challenge_method',
  'intent',
  'link_token',
  'iss',
  'error',
  'error_description',
  'request',
  'answer',
  'lang',
  'grant_type',
  'code_verifier',
  'refresh_token',
  '__proto__',
  '',
);
/** Percent signs that encode nothing, overlong UTF-8, numbers, pluses and the like, as they would stand in an address. */
const raw = fc.oneof(
  fc.constantFrom('%', '%zz', '%00', '%c0%af', '%ud800', '%0d%0a', '+', '&&', '=', number, `%30${number.slice(1)}`),
  fc.webFragments(),
  fc.webQueryParameters(),
  fc.string({ maxLength: 200 }).map(encodeURIComponent),
  fc.base64String({ maxLength: 100 }),
);
const query = fc
  .array(fc.tuple(name, raw), { maxLength: 6 })
  .map((pairs) => pairs.map((pair) => pair.join('=')).join('&'));
const headerText = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 300,
});

test('query strings of any kind get an answer that is not a fault of ours', async () => {
  await using world = await fuzzed();
  const started = process.memoryUsage.rss();
  const real = startUrl(world, 'state-of-the-app', 'v'.repeat(43)).search.slice(1);
  const path = fc.constantFrom(
    '/login/fuzzed/vipps',
    '/callback/fuzzed/vipps',
    '/consent/fuzzed/vipps',
    '/login/x/y',
    '/',
  );
  await fc.assert(
    fc.asyncProperty(path, query, fc.boolean(), async (at, text, withReal) => {
      const search = withReal ? `${real}&${text}` : text;
      const { status } = await rawRequest(world.url, { path: `${at}?${search.replaceAll(/[^!-~]/g, '')}` });
      assert.ok(expected.has(status), `${status}`);
    }),
    { numRuns: 300 },
  );
  await assertHarmless(world, started);
});

test('cookies of any kind get an answer that is not a fault of ours, and start no login', async () => {
  await using world = await fuzzed();
  const started = process.memoryUsage.rss();
  const login = await start(world);
  const [own = '', sealed = ''] = login.cookie.split('=');
  const back = world.provider.authorize(login.address, world.person).search;
  const value = fc.oneof(
    headerText,
    fc.nat({ max: sealed.length }).map((at) => sealed.slice(0, at)),
    fc.tuple(fc.nat({ max: sealed.length - 2 }), fc.base64String({ maxLength: 8 })).map(([at, text]) => {
      return `${sealed.slice(0, at)}-${text}${sealed.slice(at + text.length + 1)}`;
    }),
    fc.array(fc.base64String({ maxLength: 30 }), { minLength: 5, maxLength: 5 }).map((parts) => parts.join('.')),
  );
  const path = fc.constantFrom(
    `/callback/fuzzed/vipps${back}`,
    '/consent/fuzzed/vipps?request=x',
    '/login/fuzzed/vipps',
  );
  await fc.assert(
    fc.asyncProperty(
      path,
      fc.constantFrom(own, '__Host-consent-x', '__Host-number-x', 'other'),
      value,
      async (at, of, text) => {
        fc.pre(text !== sealed);
        const { status } = await rawRequest(world.url, { path: at, headers: { cookie: `${of}=${text}` } });
        assert.ok(status === 400 || status === 302, `${status}`);
      },
    ),
    { numRuns: 200 },
  );
  assert.equal(world.provider.count('/token'), 0);
  await assertHarmless(world, started);
});

test('form bodies of any kind get an answer that is not a fault of ours', async () => {
  await using world = await fuzzed();
  const started = process.memoryUsage.rss();
  const path = fc.constantFrom('/token', '/link', '/consent/fuzzed/vipps');
  const type = fc.constantFrom(
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    '',
  );
  const body = fc.oneof(query, fc.string({ unit: 'binary', maxLength: 2_000 }), fc.json());
  await fc.assert(
    fc.asyncProperty(path, type, body, fc.option(headerText), async (at, contentType, text, authorization) => {
      const headers = {
        'content-type': contentType,
        ...(authorization ? { authorization: `Bearer ${authorization}` } : {}),
      };
      const { status } = await rawRequest(world.url, { method: 'POST', path: at, headers, body: text });
      assert.ok(expected.has(status), `${status}`);
    }),
    { numRuns: 300 },
  );
  await assertHarmless(world, started);
});

test('webhook bodies of any kind are stored as hints or refused, and no number is stored', async () => {
  await using world = await fuzzed();
  const started = process.memoryUsage.rss();
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const time = fc.oneof(fc.integer({ min: now - 10_000, max: now + 10_000 }), fc.jsonValue(), fc.double());
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(number, `x ${number}`, `${number.slice(0, 6)} ${number.slice(6)}`, 'CONSENT_REVOKED', '\ud800', ''),
    fc.uuid(),
    fc.jsonValue(),
  );
  const payload = fc.oneof(
    fc.record({ sub: text, event: text, iat: time, exp: time, nbf: time }, { requiredKeys: [] }),
    fc.jsonValue(),
  );
  const header = fc.oneof(fc.constant({ alg: 'none' }), fc.record({ alg: fc.jsonValue() }), fc.jsonValue());
  const tokens = fc
    .tuple(header, payload, fc.constantFrom('', '.', '.x', '..'))
    .map(([head, body, end]) => `${encoded(head)}.${encoded(body)}${end}`);
  const body = fc.oneof({ weight: 4, arbitrary: tokens }, fc.string({ unit: 'binary', maxLength: 9_000 }));
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const path = `/webhooks/fuzzed/vipps/${secret}`;
      const { status } = await rawRequest(world.url, { method: 'POST', path, body: sent });
      assert.ok([204, 400, 413].includes(status), `${status}`);
    }),
    { numRuns: 400 },
  );
  await assertHarmless(world, started);
});
