import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { startHealth } from '../../worker/health.ts';

async function open(metricsToken: string | null) {
  const metrics = { text: async () => 'some 1\n', contentType: 'text/plain' };
  const readiness = { isReady: async () => true, stop: () => undefined };
  const log = createLogger({ name: 'worker', level: 'silent' });
  const server = await startHealth({ host: '0.0.0.0', port: 0, readiness, metrics, metricsToken, log });
  const { port } = server.address() as AddressInfo;
  return {
    get: (path: string, authorization?: string, host = '127.0.0.1') =>
      fetch(`http://${host}:${port}${path}`, { headers: authorization === undefined ? {} : { authorization } }),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const elsewhere = Object.values(networkInterfaces())
  .flat()
  .find((each) => each !== undefined && each.family === 'IPv4' && !each.internal)?.address;

test('without a token the metrics are for this machine only, and health is for everybody', async ({ skip }) => {
  await using health = await open(null);
  assert.equal((await health.get('/metrics')).status, 200);
  if (elsewhere === undefined) return skip('this machine has no other address');
  assert.equal((await health.get('/metrics', undefined, elsewhere)).status, 403);
  assert.equal((await health.get('/readyz', undefined, elsewhere)).status, 200);
});

test('with a token the metrics are for whoever shows it', async () => {
  await using health = await open('the-token');
  for (const wrong of [undefined, 'Bearer', 'Bearer the-toke', 'Basic the-token', 'the-token']) {
    const answer = await health.get('/metrics', wrong);
    assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer']);
  }
  assert.equal(await (await health.get('/metrics', 'Bearer the-token')).text(), 'some 1\n');
  assert.equal((await health.get('/livez')).status, 200);
});
