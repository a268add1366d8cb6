import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { createStatements } from '../../../auth-callback/database/statements.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const oneConnection = (db: TestDatabase) =>
  new pg.Pool({ connectionString: String(db.pool.options.connectionString), max: 1, allowExitOnIdle: true });

const preparedBy = async (pool: pg.Pool) =>
  Number((await pool.query('select count(*) as n from pg_prepared_statements')).rows[0]?.n);

test('a statement is prepared once for a connection, by a name that belongs to its text', async () => {
  await using db = await createTestDatabase();
  const pool = oneConnection(db);
  const rows = createStatements(pool);
  for (let at = 0; at < 3; at += 1) assert.deepEqual(await rows('select $1::int as n', [at], 1_000), [{ n: at }]);
  await rows('select $1::text as t', ['x'], 1_000);
  assert.equal(await preparedBy(pool), 2);
  await pool.end();
});

test('behind a pooler that forgets prepared statements, or has others by that name, they go on without', async () => {
  await using db = await createTestDatabase();
  const text = 'select $1::int as n';
  const pool = oneConnection(db);
  const rows = createStatements(pool);
  await rows(text, [1], 1_000);
  const name = (await pool.query('select name from pg_prepared_statements')).rows[0]?.name;
  await pool.query('deallocate all');
  assert.deepEqual(await rows(text, [2], 1_000), [{ n: 2 }]);
  assert.equal(await preparedBy(pool), 0, 'none is prepared any more');
  await pool.end();

  const another = oneConnection(db);
  await another.query(`prepare "${name}" as select 0 as n`);
  assert.deepEqual(await createStatements(another)(text, [3], 1_000), [{ n: 3 }]);
  await another.end();
});

test('a migration that changes what a statement returns costs no call', async () => {
  await using db = await createTestDatabase();
  const pool = oneConnection(db);
  const rows = createStatements(pool);
  await pool.query('create table changing (one int); insert into changing values (1)');
  assert.deepEqual(await rows('select * from changing', [], 1_000), [{ one: 1 }]);
  await pool.query('alter table changing add two int');
  assert.deepEqual(await rows('select * from changing', [], 1_000), [{ one: 1, two: null }]);
  await pool.end();
});

test('a statement that fails by its own fault is not repeated', async () => {
  await using db = await createTestDatabase();
  const pool = oneConnection(db);
  await pool.query('create sequence tries');
  const rows = createStatements(pool);
  await assert.rejects(rows(`select nextval('tries') / 0`, [], 1_000), { code: '22012' });
  assert.equal((await pool.query('select last_value from tries')).rows[0]?.last_value, '1');
  await pool.end();
});
