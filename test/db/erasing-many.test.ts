import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addCrowd, OTHERS, TRACE } from './support/crowd.ts';
import { everyRow } from './support/erasing.ts';

// A tenth of what the proof asks for; `PROOF=full` erases 1,000 of 10,000 (docs/tests.md).
const scale = process.env.PROOF === 'full' ? 10 : 1;
const MEMBERS = 1_000 * scale;
const GOING = 100 * scale;

async function figures(db: TestDatabase) {
  await db.pool.query(`update registry.figures set counted_at = 'epoch'`);
  await db.pool.query('select worker.count_figures()');
  const { rows } = await db.pool.query(
    `select to_jsonb(m) - array['members_with_number', 'counted_at'] as month,
      (select row(f.confirmed_last_12_months)::text from registry.figures as f) as quality from registry.monthly_figures as m`,
  );
  return rows;
}

async function places(db: TestDatabase, trace: RegExp) {
  const found: Record<string, number> = {};
  for (const { place, text } of await everyRow(db)) if (trace.test(text)) found[place] = (found[place] ?? 0) + 1;
  return found;
}

test(`${GOING} of ${MEMBERS} persons with everything that can be held about somebody are erased without a trace, and the others stay as they are`, async () => {
  await using db = await createTestDatabase();
  const { organization } = await actAsCallback(db);
  const { userId } = await becomeCoordinator(db, organization);
  const going = await addCrowd(db, organization, { members: MEMBERS, going: GOING, userId, runId: randomUUID() });
  const before = { going: await places(db, TRACE), others: await places(db, OTHERS), figures: await figures(db) };
  // The search finds them where they are.
  assert.equal(Object.keys(before.going).length, 17, JSON.stringify(before.going));
  assert.equal(before.going['registry.members'], GOING);
  await db.pool.query(
    `select private.announce_erasure(id, 'Asked by letter', 'operator', 'operator') from unnest($1::uuid[]) as n(id)`,
    [going],
  );
  const begun = performance.now();
  await db.pool.query(`select private.carry_out_erasure(id) from audit.erasures`);
  const seconds = (performance.now() - begun) / 1000;
  console.log(`erasing: ${GOING} persons in ${seconds.toFixed(1)} s`);
  // Member numbers stay until the member system has removed the numbers, and with them only.
  assert.deepEqual(await places(db, TRACE), { 'registry.members': GOING });
  const removals = await db.pool.query(
    `update sync.pushes set state = 'delivered', attempts = 1, next_attempt_at = null, settled_at = now() where removal returning 1`,
  );
  assert.equal(removals.rowCount, GOING);
  assert.deepEqual(await places(db, TRACE), {});
  assert.deepEqual(await places(db, OTHERS), before.others);
  const after = await figures(db);
  assert.deepEqual(
    after.map(({ month: { deliveries_done, ...month }, quality }) => ({ month, quality })),
    before.figures.map(({ month: { deliveries_done, ...month }, quality }) => ({ month, quality })),
  );
  const { rows } = await db.pool.query(
    `select distinct state, removal, counts -> 'registry.observations' as logins, counts -> 'audit.events' as events from audit.erasures`,
  );
  assert.deepEqual(rows, [{ state: 'erased', removal: 'delivered', logins: 2, events: 5 }]);
}, 300_000);
