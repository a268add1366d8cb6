import assert from 'node:assert/strict';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { sampleNumbers } from '../support/samples.ts';

const MANY = 20_000;

test('however many pushes there are, a claim looks at those that it is about', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: sampleNumbers[0] });
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  await db.pool.query(
    `with later as (
       insert into registry.members (organization_id, external_id) select $1, 'later' || n from generate_series(1, $2::int) as n returning id)
     insert into sync.pushes (organization_id, member_id, state, attempts, next_attempt_at, error_code, http_status, settled_at)
     select $1, id, 'rejected', 1, null, 'http_4xx', 422, now() from later`,
    [callback.organization.id, MANY],
  );
  await db.pool.query('analyze');
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query('select fencing_token from worker.claim_pushes(array[$1]::uuid[], array[$2])', [
      id,
      'w',
    ]);
    assert.equal(rows[0]?.fencing_token, '1');
    const { rows: looked } = await client.query(
      `select relname as table, seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables
       where relname in ('pushes', 'members') and schemaname in ('sync', 'registry')`,
    );
    for (const { table, rows: n } of looked) assert.ok(Number(n) < 100, `${n} rows of ${table}`);
    assert.equal(looked.length, 2);
    await client.query('rollback');
  } finally {
    client.release();
  }
});
