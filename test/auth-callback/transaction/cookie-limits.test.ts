import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Hono } from 'hono';
import { test } from 'vitest';
import { createBoundCookie, longestCookieValue } from '../../../runtime/http/bound-cookie.ts';
import { longestHeaders, longestOwnCookies, longestUrl } from '../../../runtime/http/limits.ts';
import { startUrl } from '../support/browser.ts';
import { rawRequest } from '../support/raw-request.ts';
import { startWorld } from '../support/world.ts';

/** What a browser keeps and sends, the oldest first. */
class Jar {
  readonly cookies = new Map<string, string>();

  take(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  header(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

test('whatever is written in whatever order, all cookies of ours together stay within the limit, and the newest is there', async () => {
  const cookies = { login: createBoundCookie('login', 4), consent: createBoundCookie('consent', 2) } as const;
  const hint = createBoundCookie('number', 4);
  const write = fc.record({
    purpose: fc.constantFrom('login' as const, 'consent' as const),
    key: fc.integer({ min: 0, max: 9 }),
    length: fc.integer({ min: 1, max: longestCookieValue }),
    withHint: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 20 }), async (writes) => {
      const jar = new Jar();
      for (const { purpose, key, length, withHint } of writes) {
        const app = new Hono().get('/', (c) => {
          if (withHint) hint.write(c, `${key % 3}`, 'h'.repeat(400), 60);
          cookies[purpose].write(c, `${key}`, 'x'.repeat(length), 60);
          return c.body(null);
        });
        jar.take(await app.request('/', { headers: { cookie: jar.header() } }));
        assert.equal(jar.cookies.get(cookies[purpose].name(`${key}`))?.length, length);
        assert.ok(jar.header().length <= longestOwnCookies, `${jar.header().length} bytes`);
        const names = [...jar.cookies.keys()];
        assert.ok(names.filter((name) => name.startsWith('__Host-login-')).length <= 4);
        assert.ok(names.filter((name) => name.startsWith('__Host-consent-')).length <= 2);
      }
    }),
    { numRuns: 50 },
  );
});

test('a browser with many logins begun, at every limit at once, is answered and not refused for its headers', async () => {
  await using world = await startWorld();
  const jar = new Jar();
  // Each as long as the app may make it.
  const begin = () => {
    const url = startUrl(world, 's'.repeat(1000), 'v'.repeat(43));
    return fetch(url, { redirect: 'manual', headers: { cookie: jar.header() } });
  };
  for (let nth = 0; nth < 8; nth += 1) {
    const response = await begin();
    assert.equal(response.status, 302);
    jar.take(response);
  }
  // What else there may be: cookies of an earlier kind fill up what is left of the limit, others' cookies and a proxy's headers come on top.
  const rest = longestOwnCookies - jar.header().length - 40;
  const cookie = `${jar.header()}; __Host-number-${'n'.repeat(16)}=${'n'.repeat(rest)}; other=${'o'.repeat(4_000)}`;
  const path = `/callback/${world.organization.slug}/vipps?state=x&code=`;
  const code = 'c'.repeat(longestUrl - path.length);
  const headers = { cookie, 'user-agent': 'u'.repeat(500), 'x-proxy': 'p'.repeat(4_500) };
  assert.equal(
    (await rawRequest(world.url, { path: path + code, headers })).status,
    400,
    'a page: it belongs to no login',
  );
  assert.equal((await rawRequest(world.url, { path: `${path}${code}c`, headers })).status, 414);
  const tooLong = { ...headers, 'x-proxy': 'p'.repeat(longestHeaders) };
  assert.equal((await rawRequest(world.url, { path, headers: tooLong })).status, 431);
});
