import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createConsentSealer } from '../../../auth-callback/consent/consent-request.ts';
import { parseSecrets } from '../../../personnummer/keys.ts';
import { inCase } from '../../support/in-case.ts';
import { testKeys } from '../../support/samples.ts';
import { consentsOf, getPage, newCookie } from '../support/bankid.ts';
import { comeBack, logIn, start, token } from '../support/browser.ts';
import { number, returnTo, startWorld, type World, type WorldOptions } from '../support/world.ts';

const options: WorldOptions = { providerRow: { consent_mode: 'own' }, organization: { name: 'Prøveforbundet <1>' } };

type Page = { location: URL; cookie: string; appState: string; codeVerifier: string };

/** A login that stands at our page. */
async function untilPage(world: World): Promise<Page> {
  const started = await start(world);
  const { response, location } = await comeBack(
    world,
    world.provider.authorize(started.address, world.person),
    started.cookie,
  );
  assert.equal(response.status, 302);
  assert.equal(location?.pathname, `/consent/${world.organization.slug}/vipps`);
  return { ...started, location: location as URL, cookie: newCookie(response) };
}

function send(world: World, page: Page, form: Record<string, string>, cookie = page.cookie): Promise<Response> {
  const request = page.location.searchParams.get('request') ?? '';
  return fetch(new URL(page.location.pathname, world.url), {
    method: 'POST',
    redirect: 'manual',
    headers: cookie === '' ? {} : { cookie },
    body: new URLSearchParams({ request, lang: 'nn', ...form }),
  });
}

test('the page says what, why and how long in three languages, in plain HTML', async () => {
  await using world = await startWorld(options);
  const page = await untilPage(world);
  const texts = {
    nb: ['<html lang="nb">', 'Hva lagres?', 'Hvorfor?', 'Hvor lenge?', 'lagres i 1 år', 'Ja, lagre', 'Nei, ikke'],
    nn: ['<html lang="nn">', 'Kva blir lagra?', 'Kvifor?', 'Kor lenge?', 'lagra i 1 år', 'Ja, lagre', 'Nei, ikkje'],
    en: ['<html lang="en">', 'What is stored?', 'Why?', 'For how long?', 'for 1 year', 'Yes, store', 'No, do not'],
  };
  for (const [lang, expected] of Object.entries(texts)) {
    const here = new URL(page.location);
    here.searchParams.set('lang', lang);
    const response = await getPage(world, here, page.cookie);
    assert.equal(response.status, 200);
    const policy = response.headers.get('content-security-policy') ?? '';
    assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:\/\/app\.example; /);
    assert.equal(response.headers.get('x-frame-options'), 'DENY');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const html = await response.text();
    for (const text of [...expected, 'Prøveforbundet &lt;1&gt;', 'Recorded for a test'])
      assert.ok(html.includes(text), text);
    for (const text of ['<script', 'http://', 'https://', number, 'style="', 'Prøveforbundet <']) {
      assert.ok(!html.includes(text), text);
    }
  }
});

test('yes stores the consent and the number, and lets the member in', async () => {
  await using world = await startWorld(options);
  const page = await untilPage(world);
  assert.deepEqual(
    (await world.observations()).map((row) => [row.absent_reason, row.personnummer_index]),
    [['not_consented', null]],
  );
  const response = await send(world, page, { answer: 'yes' });
  assert.equal(response.status, 303);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(`${location.origin}${location.pathname}`, returnTo);
  assert.equal(location.searchParams.get('state'), page.appState);
  const code = location.searchParams.get('code') ?? '';
  const redeemed = await token(world, { grant_type: 'authorization_code', code, code_verifier: page.codeVerifier });
  assert.equal(redeemed.status, 200);
  const [observation, ...more] = await world.observations();
  assert.deepEqual([observation?.outcome, observation?.personnummer_masked, more.length], ['filled', '088372*****', 0]);
  const [consent] = await consentsOf(world);
  assert.equal(consent?.state, 'given');
  assert.deepEqual(consent?.evidence, { by: 'own_page', provider: 'vipps', locale: 'nn', text_version: '2026-11' });
  assert.match(response.headers.getSetCookie().join(), /__Host-consent-[^=]+=;.*Max-Age=0/);
  for (const secret of [number, code]) assert.ok(!world.logLines.join('').includes(secret));
});

test('no stores the refusal and nothing else, lets the member in, and is not asked again', async () => {
  await using world = await startWorld(options);
  const response = await send(world, await untilPage(world), { answer: 'no' });
  assert.ok(new URL(response.headers.get('location') ?? '').searchParams.get('code'));
  assert.deepEqual(
    (await consentsOf(world)).map(({ state }) => state),
    ['refused'],
  );
  assert.ok((await logIn(world)).code, 'no page');
  const rows = await world.observations();
  assert.ok(rows.every((row) => row.personnummer_index === null && row.absent_reason === 'not_consented'));
});

test('a button pressed twice lets the member in', async () => {
  await using world = await startWorld(options);
  const page = await untilPage(world);
  const [first, second] = await Promise.all([
    send(world, page, { answer: 'yes' }),
    send(world, page, { answer: 'yes' }),
  ]);
  const codes = [first, second].map(
    (each) => new URL(each?.headers.get('location') ?? '').searchParams.get('code') ?? '',
  );
  assert.equal(codes[0], codes[1]);
  const [code = ''] = codes;
  const redeemed = await token(world, { grant_type: 'authorization_code', code, code_verifier: page.codeVerifier });
  assert.equal(redeemed.status, 200);
  assert.equal((await consentsOf(world)).length, 1);
  assert.equal((await world.db.pool.query('select from registry.sessions')).rowCount, 1);
});

test('who is refused by the database after the answer gets no code', async () => {
  await using world = await startWorld(options);
  const page = await untilPage(world);
  await world.db.pool.query(`update registry.observations set received_at = now() - interval '1 hour'`);
  const response = await send(world, page, { answer: 'no' });
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  assert.deepEqual([searchParams.get('error'), searchParams.get('code')], ['login_failed', null]);
});

test('who is excluded from the member while the page is open is not let in, and the answer stores nothing', async () => {
  await using world = await startWorld(options);
  const page = await untilPage(world);
  await world.db.pool.query('delete from registry.identity_links');
  const response = await send(world, page, { answer: 'yes' });
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  assert.deepEqual([searchParams.get('error'), searchParams.get('code')], ['login_failed', null]);
  assert.deepEqual(await consentsOf(world), []);
  assert.deepEqual(
    (await world.observations()).map((row) => [row.outcome, row.personnummer_index]),
    [['absent', null]],
  );
});

test('an answer that the page did not send is a page with 400, and nothing is stored', async () => {
  await using world = await startWorld(options);
  const [page, other] = [await untilPage(world), await untilPage(world)];
  const cases: [string, () => Promise<Response>][] = [
    ['without the cookie', () => send(world, page, { answer: 'yes' }, '')],
    ['with the cookie of another question', () => send(world, page, { answer: 'yes' }, other.cookie)],
    [
      'with the cookie of another question under this name',
      () => {
        const swapped = `${page.cookie.split('=')[0]}=${other.cookie.split('=')[1]}`;
        return send(world, page, { answer: 'yes' }, swapped);
      },
    ],
    ['without an answer', () => send(world, page, {})],
    ['with another answer', () => send(world, page, { answer: 'maybe' })],
    ['with a made-up request', () => send(world, page, { answer: 'yes', request: 'x'.repeat(43) })],
    ['with a broken cookie', () => send(world, page, { answer: 'yes' }, `${page.cookie.slice(0, -4)}AAAA`)],
    [
      'with two answers',
      () => {
        const request = page.location.searchParams.get('request') ?? '';
        const body = `request=${request}&answer=no&answer=yes`;
        const headers = { cookie: page.cookie, 'content-type': 'application/x-www-form-urlencoded' };
        return fetch(new URL(page.location.pathname, world.url), { method: 'POST', redirect: 'manual', headers, body });
      },
    ],
    [
      'at another provider',
      () => {
        const location = new URL(page.location);
        location.pathname = location.pathname.replace('vipps', 'bankid');
        return send(world, { ...page, location }, { answer: 'yes' });
      },
    ],
    ['too late', async () => send(world, page, { answer: 'yes' }, await aged(page.cookie, 15 * 60))],
    ['a page without its cookie', () => getPage(world, page.location, '')],
  ];
  for (const [name, act] of cases) {
    await inCase(name, async () => {
      const response = await act();
      assert.equal(response.status, 400);
      assert.equal(response.headers.get('location'), null);
    });
  }
  assert.equal((await consentsOf(world)).length, 0);
  assert.equal((await world.db.pool.query('select from registry.sessions')).rowCount, 0);
});

test('the cookie of the question is bound like every other and shows nothing', async () => {
  await using world = await startWorld(options);
  const started = await start(world);
  const { response } = await comeBack(world, world.provider.authorize(started.address, world.person), started.cookie);
  const [set = ''] = response.headers.getSetCookie().filter((each) => !each.includes('Max-Age=0'));
  const [pair = '', ...attributes] = set.split('; ');
  assert.match(pair, /^__Host-consent-[A-Za-z0-9_-]{16}=/);
  assert.deepEqual(attributes.sort(), ['HttpOnly', 'Max-Age=840', 'Path=/', 'SameSite=Lax', 'Secure']);
  assert.ok(!Buffer.from(pair, 'base64url').toString('latin1').includes(number.slice(0, 6)));
});

test('a native app keeps its scheme in the policy, so that the browser may go back to it', async () => {
  const app = 'no.example.app:/return';
  await using world = await startWorld({ ...options, organization: { return_to: [app] } });
  const started = await start(world, { query: { return_to: app } });
  const ended = await comeBack(world, world.provider.authorize(started.address, world.person), started.cookie);
  const page = await getPage(world, ended.location as URL, newCookie(ended.response));
  assert.match(page.headers.get('content-security-policy') ?? '', /form-action 'self' no\.example\.app:; /);
});

test('who brings no number is not asked whether it may be stored', async () => {
  await using world = await startWorld(options);
  assert.ok((await logIn(world, { ...world.person, userinfo: { ...world.person.userinfo, nin: undefined } })).code);
});

/** The same question, asked so many seconds earlier. */
async function aged(cookie: string, seconds: number): Promise<string> {
  const sealer = createConsentSealer(parseSecrets(testKeys().environment.TRANSACTION_SECRETS).secrets);
  const [name, sealed = ''] = cookie.split('=');
  const request = await sealer.unseal(sealed);
  return `${name}=${await sealer.seal({ ...request, startedAt: request.startedAt - seconds })}`;
}
