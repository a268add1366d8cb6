import assert from 'node:assert/strict';
import { test } from 'vitest';
import { get, logIn, token } from '../support/browser.ts';
import { number, startWorld } from '../support/world.ts';

const metricsToken = 'm'.repeat(32);
const withMetrics = { environment: { METRICS_TOKEN: metricsToken } };

test('logins, requests and the process can be counted, with nothing of a person', async () => {
  await using world = await startWorld(withMetrics);
  await logIn(world);
  await token(world, {});
  await get(`${world.url}/${number}/made-up`);
  await fetch(`${world.url}/livez`, { method: 'PROPFIND' });
  const response = await get(`${world.url}/metrics`, { authorization: `Bearer ${metricsToken}` });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const { slug } = world.organization;
  for (const line of [
    `auth_callback_logins_total{organization="${slug}",provider="vipps",outcome="filled",answer="code"} 1`,
    'auth_callback_request_duration_seconds_count{route="callback",method="GET",status="302"} 1',
    'auth_callback_request_duration_seconds_count{route="token",method="POST",status="400"} 1',
    'auth_callback_request_duration_seconds_count{route="other",method="GET",status="404"} 1',
    'auth_callback_request_duration_seconds_count{route="livez",method="other",status="404"} 1',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_seconds',
  ]) {
    assert.ok(text.includes(line), line);
  }
  for (const secret of [number, world.person.sub, 'Kari', 'made-up']) assert.ok(!text.includes(secret), secret);
});

test('nobody reads the metrics without the token, and without a configured token nobody does', async () => {
  await using closed = await startWorld();
  assert.equal((await get(`${closed.url}/metrics`, { authorization: 'Bearer undefined' })).status, 404);
  assert.equal((await get(`${closed.url}/metrics`)).status, 404);
  await using world = await startWorld(withMetrics);
  const wrong = ['', metricsToken, 'Bearer', 'Bearer m', `Bearer ${'n'.repeat(32)}`, `Basic ${metricsToken}`];
  for (const authorization of wrong) {
    const refused = await get(`${world.url}/metrics`, authorization === '' ? {} : { authorization });
    assert.equal(refused.status, 401, authorization);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
    assert.doesNotMatch(await refused.text(), /auth_callback/);
  }
});

test('every answer names its request, so that it can be found in the log', async () => {
  await using world = await startWorld();
  const id = '0b0c4afe-d9e1-4c5d-939a-177d752a0944';
  const given = await get(`${world.url}/livez`, { 'x-request-id': id });
  assert.equal(given.headers.get('x-request-id'), id);
  const made = await get(`${world.url}/login/x/vipps`);
  const ownId = made.headers.get('x-request-id') ?? '';
  assert.match(ownId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(world.logLines.some((line) => JSON.parse(line).correlation_id === ownId));
});
