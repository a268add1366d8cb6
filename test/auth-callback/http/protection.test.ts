import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'vitest';
import { createRateLimit } from '../../../runtime/http/protection.ts';
import { clientAddress, forwardedAddress } from '../../../runtime/http/request-context.ts';
import { get, start, startUrl, token } from '../support/browser.ts';
import { startWorld, type World } from '../support/world.ts';

test('the address is the one that the outermost trusted proxy wrote', () => {
  const header = '203.0.113.9, 198.51.100.7, 192.0.2.1';
  const table: [string | undefined, number, string | undefined][] = [
    [header, 0, undefined],
    [header, 1, '192.0.2.1'],
    [header, 2, '198.51.100.7'],
    [header, 4, undefined],
    [undefined, 1, undefined],
    ['', 1, undefined],
    ['not an address', 1, undefined],
    ['198.51.100.7:4711', 1, '198.51.100.7'],
    ['[2001:db8::1]:4711', 1, '2001:db8::1'],
    ['2001:db8::1', 1, '2001:db8::1'],
  ];
  for (const [value, depth, address] of table)
    assert.equal(forwardedAddress(value, depth), address, `${value} ${depth}`);
});

test('addresses of one IPv6 customer count together, mapped IPv4 addresses as what they are', () => {
  const peer = { socket: { remoteAddress: '::ffff:192.0.2.1' } } as Parameters<typeof clientAddress>[0];
  assert.equal(clientAddress(peer, undefined, 0), '192.0.2.1');
  const group = (address: string) => clientAddress(peer, address, 1);
  assert.equal(group('2001:db8:1:2::1'), '2001:db8:1:2::/64');
  assert.equal(group('2001:db8:1:2:ffff:ffff:ffff:ffff'), '2001:db8:1:2::/64');
  assert.equal(group('2001:0db8:0001:0002::9'), '2001:db8:1:2::/64');
  assert.equal(group('2001:db8::1'), '2001:db8:0:0::/64');
  assert.notEqual(group('2001:db8:1:3::1'), group('2001:db8:1:2::1'));
});

test('a bucket gives the worth of a minute at once and then an even flow', () => {
  let now = 0;
  const limit = createRateLimit(60, () => now);
  for (let request = 0; request < 60; request += 1) assert.equal(limit.take('a'), 0);
  assert.equal(limit.take('a'), 1);
  assert.equal(limit.take('b'), 0);
  now += 1_000;
  assert.equal(limit.take('a'), 0);
  assert.equal(limit.take('a'), 1);
  now += 3_600_000;
  for (let request = 0; request < 60; request += 1) assert.equal(limit.take('a'), 0);
  assert.equal(limit.take('a'), 1);
});

test('addresses without number do not fill the memory', () => {
  const limit = createRateLimit(1, () => 0);
  assert.equal(limit.take('first'), 0);
  for (let address = 0; address < 50_000; address += 1) limit.take(String(address));
  assert.equal(limit.take('first'), 0, 'forgotten, being the idlest');
});

test('too many starts, callbacks or token requests of one address get 429 and a time', async () => {
  await using world = await startWorld({
    environment: { RATE_STARTS: '3', RATE_CALLBACKS: '3', RATE_TOKENS: '3', TRUSTED_PROXY_DEPTH: '1' },
  });
  const url = startUrl(world, 'some state', 'v'.repeat(43));
  const from = (address: string) => ({ 'x-forwarded-for': `10.9.8.7, ${address}` });
  const ask: ((headers: Record<string, string>) => Promise<Response>)[] = [
    (headers) => get(url, headers),
    (headers) => get(`${world.url}/callback/${world.organization.slug}/vipps?state=x`, headers),
    (headers) => token(world, {}, headers),
  ];
  for (const request of ask) {
    for (let count = 0; count < 3; count += 1) assert.notEqual((await request(from('192.0.2.1'))).status, 429);
    const refused = await request(from('192.0.2.1'));
    assert.equal(refused.status, 429);
    assert.match(refused.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
    assert.notEqual((await request(from('192.0.2.2'))).status, 429);
    assert.notEqual((await request({ 'x-forwarded-for': '192.0.2.1, 192.0.2.3' })).status, 429);
  }
});

test('without trusted proxies the header cannot be used to evade the limit', async () => {
  await using world = await startWorld({ environment: { RATE_TOKENS: '2' } });
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) {
    statuses.push((await token(world, {}, { 'x-forwarded-for': `192.0.2.${count}` })).status);
  }
  assert.deepEqual(statuses, [400, 400, 429, 429]);
});

test('every answer has the headers that keep browsers from doing more than they should', async () => {
  await using world = await startWorld();
  const started = startUrl(world, 'some state', 'v'.repeat(43));
  const urls = [
    started.href,
    `${world.url}/callback/x/y`,
    `${world.url}/livez`,
    `${world.url}/nowhere`,
    `${world.url}/token`,
  ];
  for (const url of urls) {
    const { headers } = await get(url);
    assert.equal(headers.get('cache-control'), 'no-store', url);
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'; frame-ancestors 'none'/);
    assert.equal(headers.get('strict-transport-security'), null, 'not over http');
  }
});

test('over TLS browsers are told to stay there', async () => {
  await using world = await startWorld({ environment: { PUBLIC_URL: 'https://login.example.no' } });
  const { headers } = await get(`${world.url}/livez`);
  assert.match(headers.get('strict-transport-security') ?? '', /^max-age=[0-9]{8}/);
});

test('long addresses, long headers and other methods are refused', async () => {
  await using world = await startWorld();
  assert.equal((await get(`${world.url}/login/a/b?x=${'x'.repeat(9_000)}`)).status, 414);
  assert.equal((await get(`${world.url}/livez`, { cookie: 'x'.repeat(40_000) })).status, 431);
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
    const response = await fetch(startUrl(world, 'some state', 'v'.repeat(43)), { method, redirect: 'manual' });
    assert.equal(response.status, 405, method);
    assert.equal(response.headers.get('set-cookie'), null);
  }
  assert.equal((await get(`${world.url}/nowhere`)).status, 404);
});

test('nothing is derived from the Host header', async () => {
  await using world = await startWorld();
  const url = startUrl(world, 'some state', 'v'.repeat(43));
  const location = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    httpRequest(url, { headers }, (response) => resolve(String(response.headers.location)))
      .on('error', reject)
      .end();
  });
  assert.ok(!location.includes('evil'));
});

test('an id of a proxy is taken over when it is a UUID, and otherwise made here', async () => {
  await using world = await startWorld();
  const page = async (id: string) => (await get(`${world.url}/nowhere`, { 'x-request-id': id })).text();
  const id = '0b0c4afe-d9e1-4c5d-939a-177d752a0944';
  assert.ok((await page(id)).includes(id));
  for (const other of ['01815025039', 'abc', '<script>']) assert.ok(!(await page(other)).includes(other));
});

test('no line of the log holds an address, a code, a state, a header or a person', async () => {
  await using world: World = await startWorld();
  const started = await start(world);
  const address = world.provider.authorize(started.address, world.person);
  const evil = '\u001b[31m\r\n{"level":"fatal"}';
  const headers = { cookie: started.cookie, 'user-agent': 'agent-of-the-browser' };
  await get(new URL(address.pathname + address.search, world.url), headers);
  await get(`${world.url}/login/${encodeURIComponent(evil)}/01815025039?return_to=${encodeURIComponent(evil)}`);
  const code = address.searchParams.get('code') ?? '';
  const lines = world.logLines.join('');
  const state = address.searchParams.get('state') ?? '';
  for (const text of [code, state, started.appState, 'agent-of', '?', 'kari', '01815025039', '[31m', '__Host']) {
    assert.ok(!lines.toLowerCase().includes(text.toLowerCase()), text);
  }
  for (const line of world.logLines) assert.equal(typeof JSON.parse(line).correlation_id, 'string');
});
