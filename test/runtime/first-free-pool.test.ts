import assert from 'node:assert/strict';
import { test } from 'vitest';
import { FirstFreePool } from '../../runtime/first-free-pool.ts';
import { clusterUrl } from '../support/cluster.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { until } from '../support/until.ts';
import { serveTcp } from './servers.ts';

const poolTo = (connectionString: string, max: number) =>
  new FirstFreePool({ connectionString, max, connectionTimeoutMillis: 10_000 });

const askPid = async (pool: FirstFreePool) =>
  (await pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;

test('while connections are being opened, callers are served by those that are given back', async () => {
  await using proxy = await startCountingProxy(clusterUrl());
  const pool = poolTo(proxy.url, 8);
  const client = await pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  proxy.shut();
  const asked = Array.from({ length: 12 }, () => askPid(pool));
  await until('three are being opened', () => proxy.count() === 4);
  assert.equal(pool.callersWaiting, 12);
  client.release();
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([rows[0]?.pid]));
  assert.equal(proxy.count(), 4, 'no more than three at once');
  // What was opened for them serves whoever comes next, at the same time.
  proxy.open();
  await until('all are free', () => pool.idleCount === 4);
  const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
  assert.equal(proxy.count(), 4);
  for (const each of clients) each.release();
  await pool.end();
});

test('there are never more connections than the pool may have, and each caller is served in turn', async () => {
  await using proxy = await startCountingProxy(clusterUrl());
  const pool = poolTo(proxy.url, 2);
  const served: number[] = [];
  await Promise.all(
    Array.from({ length: 40 }, async (_, nth) => {
      const client = await pool.connect();
      served.push(nth);
      await client.query('select 1');
      client.release();
    }),
  );
  assert.deepEqual(
    served,
    Array.from({ length: 40 }, (_, nth) => nth),
  );
  assert.equal(proxy.count(), 2);
  await pool.end();
});

test('a connection that was lost makes room for another', async () => {
  await using proxy = await startCountingProxy(clusterUrl());
  const pool = poolTo(proxy.url, 1);
  pool.on('error', () => undefined);
  const client = await pool.connect();
  const next = askPid(pool);
  client.release(new Error('broken'));
  assert.equal(typeof (await next), 'number');
  assert.equal(proxy.count(), 2);
  await pool.end();
});

test('each caller hears why there is no connection, and who still waits when the pool ends is told', async () => {
  const nowhere = await serveTcp(() => undefined);
  const url = `postgres://somebody@127.0.0.1:${nowhere.port}/any`;
  await nowhere[Symbol.asyncDispose]();
  const refused = poolTo(url, 4);
  const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => refused.query('select 1')));
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected');
    assert.equal(outcome.reason.code, 'ECONNREFUSED');
  }
  assert.equal(refused.callersWaiting, 0);
  await refused.end();

  await using proxy = await startCountingProxy(clusterUrl());
  const pool = poolTo(proxy.url, 1);
  const client = await pool.connect();
  const waiting = assert.rejects(pool.query('select 1'), /after calling end/);
  const ended = pool.end();
  client.release();
  await Promise.all([waiting, ended]);
});
