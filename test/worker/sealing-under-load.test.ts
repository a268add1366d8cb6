import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createTestSealer, verifyTestAudit } from '../support/sealing.ts';
import { until } from '../support/until.ts';

// For two minutes and with fifty writers: SEALING_SECONDS=120 SEALING_WRITERS=50 npx vitest run test/worker/sealing-under-load.test.ts
const SECONDS = Number(process.env.SEALING_SECONDS ?? 6);
const WRITERS = Number(process.env.SEALING_WRITERS ?? 12);

const insert = `insert into audit.events (event, source, actor, message, detail) values ('linked', 'app', $1, 'x', '{}')`;

/** Transactions of all lengths: at once, with a pause in the middle, of many events, in savepoints, rolled back. */
async function write(db: TestDatabase, number: number, ends: number): Promise<void> {
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  try {
    for (let n = 0; performance.now() < ends; n += 1) {
      const kind = (number + n) % 6;
      await client.query('begin');
      for (let events = 0; events < (kind === 3 ? 40 : 2); events += 1)
        await client.query(insert, [`writer ${number}`]);
      if (kind === 1) await pause(300 + 100 * (number % 5));
      if (kind === 2)
        await client.query(`savepoint s; do $$ begin perform 1 / 0; exception when division_by_zero then null; end $$`);
      await client.query(insert, [`writer ${number}`]);
      await client.query(kind === 4 ? 'rollback' : 'commit');
    }
  } finally {
    await client.end();
  }
}

test(`${WRITERS} writers with short and long transactions for ${SECONDS} s while two workers seal: each event has one leaf`, async () => {
  await using db = await createTestDatabase();
  const ends = performance.now() + SECONDS * 1_000;
  let stop = false;
  let sealed = 0;
  const checks: number[] = [];
  const sealing = [1, 2].map(async () => {
    const pool = new pg.Pool({ connectionString: db.urlFor('sync_worker'), max: 2 });
    const sealer = await createTestSealer(pool, { batch: 100 });
    while (!stop) {
      const now = await sealer.round();
      sealed += now;
      await pause(100);
    }
    await pool.end();
  });
  // A verifier sees nothing wrong at any moment.
  const verifying = (async () => {
    while (!stop) {
      const { findings } = await verifyTestAudit(db.urlFor('auditor_login'));
      assert.deepEqual(findings, []);
      checks.push(performance.now());
      await pause(500);
    }
  })();
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => write(db, number, ends)));
  const count = async (table: string) =>
    Number((await db.pool.query(`select count(*) as n from audit.${table}`)).rows[0].n);
  const events = await count('events');
  await until('everything is sealed', async () => (await count('leaves')) === events);
  stop = true;
  await Promise.all([...sealing, verifying]);
  assert.ok(events > 100 && checks.length > 0);
  assert.equal(sealed, events);
  const { rows } = await db.pool.query(
    `select count(*)::int as leaves, count(distinct event_id)::int as events, max(leaf_index)::int + 1 as next from audit.leaves`,
  );
  assert.deepEqual(rows[0], { leaves: events, events, next: events });
  assert.deepEqual((await verifyTestAudit(db.urlFor('auditor_login'))).findings, []);
});
