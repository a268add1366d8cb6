import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test, vi } from 'vitest';
import { createLogger, type Logger } from '../../runtime/logger.ts';
import { createPool } from '../../runtime/pg-pool.ts';
import { clusterUrl } from '../support/cluster.ts';
import { withCluster } from '../support/own-cluster.ts';
import { until } from '../support/until.ts';

const quiet = createLogger({ name: 'test', level: 'silent' });

async function poolOf(log: Logger = quiet, max = 1) {
  const connectionString = clusterUrl();
  return createPool({
    connectionString,
    max,
    applicationName: 'pool-test',
    log,
    connectionTimeoutMs: 1_000,
    queryTimeoutMs: 500,
  });
}

test('the connection shows the name of its program', async () => {
  const pool = await poolOf();
  const { rows } = await pool.query(`select current_setting('application_name') as name`);
  assert.deepEqual(rows, [{ name: 'pool-test' }]);
  await pool.end();
});

test('of connections that nobody uses one is kept', async () => {
  const pool = await poolOf(quiet, 3);
  const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    for (const client of clients) client.release();
    vi.advanceTimersByTime(3_600_000);
  } finally {
    vi.useRealTimers();
  }
  assert.equal(pool.idleCount, 1);
  await pool.end();
});

test('a statement that takes too long fails, and its connection is not used again', async () => {
  const pool = await poolOf();
  const { rows: before } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  await assert.rejects(pool.query('select pg_sleep(30)'), /timeout/i);
  const { rows: after } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  assert.notEqual(after[0]?.pid, before[0]?.pid);
  await pool.end();
});

test('waiting for a free connection has an end', async () => {
  const pool = await poolOf();
  const client = await pool.connect();
  await assert.rejects(pool.query('select 1'), /timeout/i);
  client.release();
  await pool.query('select 1');
  await pool.end();
});

test('an idle connection that the server ends is logged, and the next statement gets a new one', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const pool = await poolOf(createLogger({ name: 'test', level: 'warn', destination }));
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const lost = new Promise((resolve) => pool.once('remove', resolve));
  const other = await poolOf();
  await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await lost;
  assert.deepEqual((await pool.query('select 1 as one')).rows, [{ one: 1 }]);
  assert.match(lines.join(''), /idle database connection lost/);
  await Promise.all([pool.end(), other.end()]);
});

test('a server that accepts and says nothing does not hold anybody up', async () => {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const connectionString = `postgres://nobody@127.0.0.1:${port}/none`;
  const pool = createPool({ connectionString, max: 1, applicationName: 'x', log: quiet, connectionTimeoutMs: 200 });
  await assert.rejects(pool.query('select 1'), /timeout/i);
  await pool.end();
  server.close();
});

test('a commit that no standby has confirmed fails, and is an unknown outcome, however it is asked for', () =>
  withCluster(18, async (server) => {
    const options = { connectionString: server.url, max: 1, log: quiet, queryTimeoutMs: 60_000 };
    const pool = createPool({ ...options, applicationName: 'pool-test' });
    const other = createPool({ ...options, applicationName: 'other' });
    try {
      await pool.query('create table said (what text)');
      await pool.query(`alter system set synchronous_standby_names = 'nobody'`);
      await pool.query('select pg_reload_conf()');
      const unconfirmed = async (call: () => Promise<unknown>) => {
        let settled = false;
        const answer = assert.rejects(call(), { code: '08007' }).finally(() => {
          settled = true;
        });
        await until('somebody has cancelled the wait', async () => {
          await other.query(
            `select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'pool-test' and wait_event = 'SyncRep'`,
          );
          return settled;
        });
        await answer;
      };
      await unconfirmed(async () => {
        // Nobody says when the server has begun to wait for standbys.
        for (;;) await pool.query(`insert into said values ('by the pool')`);
      });
      const client = await pool.connect();
      await client.query('begin');
      await client.query(`insert into said values ('in a transaction')`);
      await unconfirmed(() => client.query('commit'));
      // What only warns is answered as ever.
      await client.query(`do $$ begin raise warning 'something else'; end $$`);
      const { rows } = await client.query('select distinct what from said order by what');
      assert.deepEqual(rows, [{ what: 'by the pool' }, { what: 'in a transaction' }], 'committed here, and only here');
      client.release();
    } finally {
      await Promise.all([pool.end(), other.end()]);
    }
  }));

test('a connection that breaks at the moment at which it is ready ends a query, not the process', async () => {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const error = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
  const answer = [message('R', Buffer.alloc(4)), message('Z', Buffer.from('I')), message('E', error)];
  const server = createServer((socket) => socket.once('data', () => socket.end(Buffer.concat(answer))));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const uncaught: unknown[] = [];
  const note = (reason: unknown) => void uncaught.push(reason);
  process.on('uncaughtException', note);
  try {
    const connectionString = `postgres://somebody@127.0.0.1:${port}/any?sslmode=disable`;
    const pool = createPool({ connectionString, max: 1, applicationName: 'test', log: quiet });
    await assert.rejects(pool.query('select 1'));
    await pool.end();
    assert.deepEqual(uncaught, []);
  } finally {
    process.off('uncaughtException', note);
    server.close();
  }
});
