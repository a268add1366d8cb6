import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { inCase } from '../support/in-case.ts';
import { makeCase } from './support/cases.ts';
import { type OpenDesk, openDesk } from './support/open-desk.ts';
import { signedInCookie } from './support/signed-in.ts';

// What the desk does with requests that no page of ours would send.

let desk: OpenDesk;
let cookie: string;
beforeAll(async () => {
  desk = await openDesk({ METRICS_TOKEN: 'm'.repeat(32) });
  cookie = await signedInCookie(desk);
});
afterAll(() => desk?.[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${desk.url}${path}`, { redirect: 'manual', headers });
const post = (path: string, body: Record<string, string> | string, headers: Record<string, string> = {}) =>
  fetch(`${desk.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(body),
    headers: { origin: desk.url, cookie, ...headers },
  });

test('every answer keeps to itself: no script, nothing from elsewhere, no frame, no referrer, no cache', async () => {
  for (const path of ['/', '/sign-in', '/nowhere', '/cases', '/livez']) {
    await inCase(path, async () => {
      const { headers } = await get(path, { cookie });
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /img-src 'self' data:/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /script-src|unsafe/);
      assert.equal(headers.get('referrer-policy'), 'no-referrer');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cache-control'), 'no-store');
    });
  }
});

test('a form is taken from our own pages only, whatever cookies come along', async () => {
  const form = { _who: desk.coordinator.userId, _page: '/' };
  for (const [name, headers] of Object.entries({
    'another site': { origin: 'https://evil.example' },
    'another site, told by the browser': { origin: 'null', 'sec-fetch-site': 'cross-site' },
    'a sister site': { origin: 'https://evil.example', 'sec-fetch-site': 'same-site' },
    nothing: { origin: '' },
    'as plain text': { origin: 'https://evil.example', 'content-type': 'text/plain' },
  })) {
    await inCase(name, async () => {
      const answer = await post('/sign-out', form, headers);
      assert.equal(answer.status, 403);
      assert.match(await answer.text(), /Skjemaet kom ikke herfra/);
    });
  }
  assert.equal((await get('/', { cookie })).status, 200, 'nobody was signed out');
});

test('a form that another person opened is refused, and nothing is done', async () => {
  const answer = await post('/cases/00000000-0000-0000-0000-000000000000/decide', {
    _who: '00000000-0000-0000-0000-000000000001',
    _page: '/cases',
    decision: 'keep_existing',
  });
  assert.equal(answer.status, 409);
  assert.match(await answer.text(), /Noen andre er logget på/);
});

test('a forged, a foreign and a cut cookie are none', async () => {
  const [name, value = ''] = cookie.split('=');
  for (const forged of [value.slice(0, -2), `${value}A`, 'x', value.replace(/^[^.]+/, 'eyJhbGciOiJub25lIn0')]) {
    const answer = await get('/', { cookie: `${name}=${forged}` });
    assert.equal(answer.status, 303);
    assert.match(answer.headers.get('location') ?? '', /^\/sign-in\?/);
  }
});

test('nothing that a request says leads to another site', async () => {
  for (const page of [
    '//evil.example/',
    'https://evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/%2e//evil.example',
    '/cases/../..//evil.example',
    'javascript:1',
  ]) {
    await inCase(page, async () => {
      const answer = await post('/language', { language: 'nn', _page: page });
      const target = new URL(answer.headers.get('location') ?? '', desk.url);
      assert.equal(target.origin, desk.url);
      const signIn = await get(`/sign-in/${desk.callback.organization.slug}?${new URLSearchParams({ page })}`);
      const [transaction = ''] = signIn.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
      const authorized = await fetch(signIn.headers.get('location') ?? '', { redirect: 'manual' });
      const back = await fetch(authorized.headers.get('location') ?? '', {
        redirect: 'manual',
        headers: { cookie: transaction },
      });
      assert.equal(back.status, 303);
      assert.equal(new URL(back.headers.get('location') ?? '', desk.url).origin, desk.url);
    });
  }
});

test('the language can be chosen after a pause: the session goes on, and the coordinator keeps the choice', async () => {
  desk.signIn.lifetime = '-2m';
  const stale = await signedInCookie(desk);
  const forgotten = await signedInCookie(desk);
  desk.signIn.lifetime = '15m';
  const answer = await post('/language', { language: 'en', _page: '/cases' }, { cookie: stale });
  assert.equal(answer.headers.get('location'), '/cases');
  assert.match(answer.headers.getSetCookie().join('\n'), /^__Host-desk-session=ey/m);
  const text = 'select language from registry.coordinators where user_id = $1';
  assert.equal((await one(desk.db, text, [desk.coordinator.userId])).language, 'en');
  await post('/language', { language: 'nb', _page: '/' });

  desk.signIn.refreshTokens.clear();
  const ended = await post('/language', { language: 'en', _page: '/sign-in' }, { cookie: forgotten });
  assert.equal(
    ended.headers.get('location'),
    '/sign-in',
    'nobody is signed in any more, and it is chosen all the same',
  );
  assert.match(ended.headers.getSetCookie().join('\n'), /^__Host-desk-language=en/m);
});

test('where nobody can say whether the session still is, that is said, and it goes on afterwards', async () => {
  const remove = 'delete from registry.coordinators where user_id = $1 returning organization_id';
  const { organization_id } = await one(desk.db, remove, [desk.coordinator.userId]);
  desk.signIn.isAway = true;
  const away = await get('/', { cookie });
  assert.equal(away.status, 503);
  assert.match(await away.text(), /Påloggingen svarer ikke/);
  desk.signIn.isAway = false;
  await desk.db.pool.query('insert into registry.coordinators (user_id, organization_id) values ($1, $2)', [
    desk.coordinator.userId,
    organization_id,
  ]);
  assert.equal((await get('/', { cookie })).status, 200);
});

test('how much waits is counted on the first page and after something was done, not on every page', async () => {
  const waiting = async (path: string) =>
    /Saker[^<]*<span class="desk-count">\((\d+)/.exec(await (await get(path, { cookie })).text())?.[1];
  assert.equal(await waiting('/'), undefined);
  await makeCase('member_system', desk);
  assert.equal(await waiting('/help'), undefined, 'as it was a moment ago');
  assert.equal(await waiting('/'), '1');
  const { id } = await one(desk.db, `select id from registry.conflicts where kind = 'member_system'`);
  const form = { _who: desk.coordinator.userId, _page: '/', decision: 'keep_existing', version: '1' };
  assert.equal((await post(`/cases/${id}/decide`, form)).status, 303);
  assert.equal(await waiting('/help'), undefined);
});

test('too large a form, too long an address and a request on a guess are turned away', async () => {
  assert.equal((await post('/language', { _page: 'x'.repeat(97 * 1024) })).status, 413);
  assert.equal((await get(`/?${'x'.repeat(9_000)}`)).status, 414);
  assert.equal((await get('/', { 'sec-purpose': 'prefetch', cookie })).status, 403);
});

test('what the pages load comes from here, compressed, and may be kept for good', async () => {
  const page = await (await get('/sign-in')).text();
  const links = [...page.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map(([, href]) => href ?? '');
  assert.equal(links.length, 3);
  for (const href of links) {
    const answer = await get(href, { 'accept-encoding': 'br' });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('cache-control') ?? '', /immutable/);
    assert.equal(answer.headers.get('content-encoding'), 'br');
    assert.doesNotMatch(await answer.text(), /url\(["']?(https?:)?\/\//);
  }
  assert.equal((await get('/assets/yesterday/desk.css')).status, 404);
});

test('health is told without signing in, and figures to whoever has the token', async () => {
  assert.equal((await get('/livez')).status, 200);
  assert.equal((await get('/readyz')).status, 200);
  assert.equal((await get('/metrics')).status, 401);
  const metrics = await get('/metrics', { authorization: `Bearer ${'m'.repeat(32)}` });
  assert.match(await metrics.text(), /coordinator_desk_request_duration_seconds_count/);
});

test('nothing of a person is in the log', async () => {
  await get('/cases?q=Kari', { cookie });
  await get(`/sign-in?page=${encodeURIComponent('/members?q=Kari')}`);
  const lines = desk.log.join('');
  assert.doesNotMatch(lines, /Kari|eyJ/);
  assert.doesNotMatch(lines, new RegExp(desk.coordinator.userId));
});
