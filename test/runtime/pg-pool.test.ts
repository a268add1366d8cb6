import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'vitest';
import { createLogger, type Logger } from '../../runtime/logger.ts';
import { createPool } from '../../runtime/pg-pool.ts';
import { clusterUrl } from '../support/cluster.ts';

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
