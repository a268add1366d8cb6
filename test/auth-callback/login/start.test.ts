import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { get, start, startUrl } from '../support/browser.ts';
import { publicUrl, returnTo, startWorld, startWorlds, type World } from '../support/world.ts';

const state = 'state-of-the-app';
const verifier = 'v'.repeat(43);

test('a start sends the browser to the provider with PKCE, fresh state and nonce, and a constant redirect URI', async () => {
  await using world = await startWorld({ providerRow: { authorization_params: { market: 'NO', ui_locales: 'nb' } } });
  const [one, two] = [await start(world), await start(world)];
  const sent = one.address.searchParams;
  assert.equal(`${one.address.origin}${one.address.pathname}`, `${world.provider.issuer}auth`);
  assert.equal(sent.get('response_type'), 'code');
  assert.equal(sent.get('redirect_uri'), `${publicUrl}/callback/${world.organization.slug}/vipps`);
  assert.equal(sent.get('scope'), 'openid name phoneNumber email birthDate nin');
  assert.equal(sent.get('code_challenge_method'), 'S256');
  assert.equal(sent.get('market'), 'NO');
  assert.equal(sent.get('ui_locales'), 'nb');
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert.match(sent.get(name) ?? '', /^[A-Za-z0-9_-]{43}$/);
    assert.notEqual(sent.get(name), two.address.searchParams.get(name));
  }
});

test('the cookie is bound to host, path and browser, and shows nothing of the login', async () => {
  await using world = await startWorld();
  const started = await start(world);
  const [pair = '', ...attributes] = started.setCookie.split('; ');
  const [name = '', value = ''] = pair.split('=');
  assert.match(name, /^__Host-login-[A-Za-z0-9_-]{16}$/);
  assert.deepEqual(attributes.sort(), ['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax', 'Secure']);
  const header = JSON.parse(Buffer.from(value.split('.')[0] ?? '', 'base64url').toString());
  assert.deepEqual(header, { alg: 'dir', enc: 'A256GCM', kid: 'v1' });
  assert.equal(value.split('.').length, 5);
  const everything = Buffer.from(value, 'base64url').toString('latin1') + value + name;
  for (const part of [started.appState, started.address.searchParams.get('state') ?? '']) {
    assert.ok(!everything.includes(part));
  }
});

test('a row cannot override what the protocol needs', async () => {
  const authorization_params = {
    ...{ response_type: 'token', client_id: 'evil', redirect_uri: 'https://evil.example/', state: 'fixed' },
    nonce: 'fixed',
    code_challenge: 'fixed',
    code_challenge_method: 'plain',
    scope: 'openid',
    ...{ response_mode: 'form_post', request: 'x', request_uri: 'https://evil.example/', acr_values: 'high' },
  };
  await using world = await startWorld({ providerRow: { authorization_params } });
  const { address } = await start(world);
  for (const [name, value] of Object.entries(authorization_params)) {
    if (name === 'acr_values') assert.deepEqual(address.searchParams.getAll(name), [value]);
    else assert.ok(!address.searchParams.getAll(name).includes(value), name);
  }
  assert.equal(address.searchParams.getAll('state').length, 1);
});

test('nothing vouches for where to send the browser: a plain page, no redirect, no cookie', async () => {
  await using world = await startWorld();
  const { slug } = world.organization;
  const query = startUrl(world, state, verifier).search;
  const changed = (name: string, value?: string) => {
    const url = startUrl(world, state, verifier);
    url.searchParams.delete(name);
    if (value !== undefined) url.searchParams.set(name, value);
    return url;
  };
  const twice = startUrl(world, state, verifier);
  twice.searchParams.append('return_to', returnTo);
  const cases: [string, URL | string, number][] = [
    ['an unknown organisation', `${world.url}/login/nobody/vipps${query}`, 404],
    ['an unknown provider', `${world.url}/login/${slug}/bankid${query}`, 404],
    ['no return_to', changed('return_to'), 400],
    ['another return_to', changed('return_to', 'https://evil.example/return'), 400],
    ['a registered return_to with more path', changed('return_to', `${returnTo}/more`), 400],
    ['a registered return_to with a query', changed('return_to', `${returnTo}?next=//evil.example`), 400],
    ['a registered return_to in capitals', changed('return_to', returnTo.toUpperCase()), 400],
    ['a registered return_to and a line feed', changed('return_to', `${returnTo}\n`), 400],
    ['return_to twice', twice, 400],
  ];
  for (const [name, url, status] of cases) {
    await inCase(name, async () => {
      const response = await get(url);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('location'), null);
      assert.equal(response.headers.get('set-cookie'), null);
      const page = await response.text();
      assert.match(page, /[0-9a-f-]{36}/);
      assert.ok(!page.includes('evil'));
    });
  }
  assert.equal(world.provider.requests.length, 0);
});

test('a registered address that no code may be sent to is as good as none', async () => {
  const unusable = [
    'javascript:alert(1)//',
    'data:text/html,x',
    'app.nhf.example/return',
    'https://app.example/return#top',
  ];
  await using world = await startWorld();
  // The database refuses them too; somebody has taken that away.
  await world.db.pool.query('alter domain registry.return_addresses drop constraint return_addresses_are_safe');
  await world.db.pool.query('update registry.organizations set return_to = $1', [[returnTo, ...unusable]]);
  for (const return_to of unusable) {
    const response = await get(startUrl(world, state, verifier, { query: { return_to } }));
    assert.deepEqual([response.status, response.headers.get('location')], [400, null], return_to);
  }
  assert.equal((await get(startUrl(world, state, verifier))).status, 302);
});

test('the app gets invalid_request for what it did wrong', async () => {
  await using world = await startWorld();
  const repeat = (name: string) => {
    const url = startUrl(world, state, verifier);
    url.searchParams.append(name, url.searchParams.get(name) ?? 'x');
    return url;
  };
  const set = (query: Record<string, string>) => startUrl(world, state, verifier, { query });
  const remove = (name: string) => {
    const url = startUrl(world, state, verifier);
    url.searchParams.delete(name);
    return url;
  };
  const cases: [string, URL, string | null][] = [
    ['no state', remove('state'), null],
    ['a state of 7 characters', set({ state: '1234567' }), null],
    ['a state of 1001 characters', set({ state: 'x'.repeat(1001) }), null],
    ['a state with a line feed', set({ state: 'state\r\nstate' }), null],
    ['a state that is not ASCII', set({ state: 'tilstand-æøå' }), null],
    ['state twice', repeat('state'), null],
    ['no challenge', remove('code_challenge'), state],
    ['a challenge of 42 characters', set({ code_challenge: 'x'.repeat(42) }), state],
    ['a challenge with padding', set({ code_challenge: `${'x'.repeat(42)}=` }), state],
    ['no challenge method', remove('code_challenge_method'), state],
    ['the challenge method plain', set({ code_challenge_method: 'plain' }), state],
    ['challenge twice', repeat('code_challenge'), state],
    ['an unknown parameter twice', unknownTwice(world), state],
  ];
  for (const [name, url, expectedState] of cases) {
    await inCase(name, async () => {
      const response = await get(url);
      assert.equal(response.status, 302);
      const location = new URL(response.headers.get('location') ?? '');
      assert.equal(`${location.origin}${location.pathname}`, returnTo);
      assert.equal(location.searchParams.get('error'), 'invalid_request');
      assert.equal(location.searchParams.get('state'), expectedState);
      assert.equal(response.headers.get('set-cookie'), null);
    });
  }
  assert.equal(world.provider.requests.length, 0);
});

function unknownTwice(world: World): URL {
  const url = startUrl(world, state, verifier);
  url.searchParams.append('extra', '1');
  url.searchParams.append('extra', '2');
  return url;
}

test('states of 8 and of 1000 characters are good', async () => {
  await using world = await startWorld();
  for (const length of [8, 1000]) {
    const { address } = await start(world, { query: { state: 'x'.repeat(length) } });
    assert.ok(address.href.startsWith(world.provider.issuer));
  }
});

test('what would not fit the cookie is refused instead of being lost by the browser', async () => {
  const long = `https://app.example/${'x'.repeat(970)}`;
  await using world = await startWorld({ organization: { return_to: [long] } });
  const url = startUrl(world, state, verifier, { query: { return_to: long, state: '"'.repeat(1000) } });
  const location = new URL((await get(url)).headers.get('location') ?? '');
  assert.equal(location.searchParams.get('error'), 'invalid_request');
});

test('apps with a scheme of their own, or a query in their address, get their answer there', async () => {
  const addresses = ['no.nhf.app:/return', 'no.nhf.app.test://login/return', 'https://app.example/return?from=login'];
  await using world = await startWorld({ organization: { return_to: addresses } });
  for (const return_to of addresses) {
    const url = startUrl(world, state, verifier, { query: { return_to, code_challenge: 'short' } });
    const location = (await get(url)).headers.get('location') ?? '';
    const query = new URLSearchParams({ error: 'invalid_request', iss: publicUrl, state });
    assert.equal(location, `${return_to}${return_to.includes('?') ? '&' : '?'}${query}`);
  }
});

test('a browser keeps at most four logins in flight: the oldest make room', async () => {
  await using world = await startWorld();
  const cookies: string[] = [];
  for (let login = 0; login < 4; login += 1) cookies.push((await start(world)).cookie);
  const response = await get(startUrl(world, state, verifier), { cookie: ['theme=dark', ...cookies].join('; ') });
  const set = response.headers.getSetCookie();
  const cleared = set.filter((cookie) => cookie.includes('Max-Age=0')).map((cookie) => cookie.split('=')[0]);
  assert.deepEqual(cleared, [cookies[0]?.split('=')[0]]);
  assert.equal(set.length, 2);
});

test('long logins in flight make room earlier, so that the next request fits the limit for headers', async () => {
  await using world = await startWorld();
  let jar: string[] = [];
  for (let login = 0; login < 5; login += 1) {
    const url = startUrl(world, 'x'.repeat(1000), verifier);
    const response = await get(url, { cookie: jar.join('; ') });
    assert.equal(response.status, 302);
    const set = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    const names = set.map((cookie) => cookie.split('=')[0]);
    jar = [
      ...jar.filter((cookie) => !names.includes(cookie.split('=')[0])),
      ...set.filter((cookie) => !cookie.endsWith('=')),
    ];
    assert.ok((jar.length >= 2 && jar.join('; ').length < 10_000) || login === 0);
  }
});

test('the outage of one provider is an error for its app alone', async () => {
  await using worlds = await startWorlds([{}, {}, { providerRow: { client_secret_env: 'OIDC_NOT_THERE' } }]);
  const [down, up, misconfigured] = worlds as unknown as [World, World, World];
  down.provider.respond.set('/.well-known/openid-configuration', (_, response) => void response.writeHead(500).end());
  for (const world of [down, misconfigured]) {
    const started = await start(world);
    assert.equal(`${started.address.origin}${started.address.pathname}`, returnTo);
    assert.equal(started.address.searchParams.get('error'), 'temporarily_unavailable');
    assert.equal(started.address.searchParams.get('state'), started.appState);
    assert.equal(started.setCookie, '');
  }
  assert.ok((await start(up)).address.href.startsWith(up.provider.issuer));
});

test('metadata of another issuer is not used, were it only for the slash or a capital', async () => {
  await using worlds = await startWorlds([{}, {}, {}]);
  const [one, two, three] = worlds as unknown as [World, World, World];
  one.provider.metadata = (whole) => ({ ...whole, issuer: 'https://evil.example/' });
  two.provider.metadata = (whole) => ({ ...whole, issuer: String(whole.issuer).slice(0, -1) });
  three.provider.metadata = (whole) => ({ ...whole, issuer: String(whole.issuer).replace('http:', 'HTTP:') });
  for (const world of [one, two, three]) {
    assert.equal((await start(world)).address.searchParams.get('error'), 'temporarily_unavailable');
  }
});
