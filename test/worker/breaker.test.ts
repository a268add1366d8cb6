import assert from 'node:assert/strict';
import { test } from 'vitest';
import { syntheticNumber } from '../support/samples.ts';
import { until } from '../support/until.ts';
import { createStage, type Stage } from './support/stage.ts';

const numbers = Array.from({ length: 60 }, (_, nth) => syntheticNumber('1960-04-01', nth));

const breakerState = async ({ db }: Stage) =>
  (await db.pool.query<{ state: string }>('select state from sync.breakers')).rows[0]?.state;

test('refused credentials stop an organisation at once and are one case; a probe finds out that they work again', async () => {
  await using stage = await createStage();
  const pushes = await Promise.all(numbers.slice(0, 12).map((number) => stage.addPush({ number })));
  const outOfDate = new Map([['MEMBER_SYSTEM_NHF_TOKEN', 'out-of-date']]);
  const worker = stage.work({ memberSystemSecrets: outOfDate, concurrency: 1 });
  await until('the breaker open', async () => (await breakerState(stage)) === 'open');
  await until('the queue quiet', async () => (await stage.jobs()).every(({ locked_at }) => locked_at === null));
  assert.equal(stage.memberSystem.requests(), 1);
  const cases = await stage.db.pool.query(`select kind from registry.conflicts`);
  assert.deepEqual(cases.rows, [{ kind: 'member_system' }]);
  assert.equal((await stage.jobs()).length, pushes.length, 'every push still has a job');

  // The secret is renewed, and the worker started again.
  await worker.stop();
  await stage.db.pool.query('update sync.breakers set probe_at = now()');
  stage.work({}, { beatEveryMs: 50 });
  for (const { pushId } of pushes) await stage.reaches(pushId, 'delivered');
  assert.equal(await breakerState(stage), 'closed');
  assert.equal((await stage.db.pool.query(`select from registry.conflicts where state = 'open'`)).rowCount, 0);
});

test('a member system that sends everybody to a page about maintenance is waited for, and no change becomes a case', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('maintenance');
  const pushes = await Promise.all(numbers.slice(0, 8).map((number) => stage.addPush({ number })));
  stage.work({}, { beatEveryMs: 50 });
  await until('the breaker open', async () => (await breakerState(stage)) === 'open');
  await until('the queue quiet', async () => (await stage.jobs()).every(({ locked_at }) => locked_at === null));
  for (const { pushId } of pushes) assert.equal((await stage.push(pushId)).state, 'pending');
  assert.equal((await stage.db.pool.query('select from registry.conflicts')).rowCount, 0);

  stage.memberSystem.setMode('ok');
  await stage.db.pool.query('update sync.breakers set probe_at = now()');
  await stage.db.pool.query(`update sync.pushes set next_attempt_at = now() where state = 'pending'`);
  await stage.db.pool.query('update graphile_worker._private_jobs set run_at = now()');
  for (const { pushId } of pushes) await stage.reaches(pushId, 'delivered');
  assert.equal(await breakerState(stage), 'closed');
});

test('while the breaker is open, jobs are not even fetched, and those of others are', async () => {
  await using stage = await createStage();
  const neighbour = await stage.addNeighbour();
  await stage.db.pool.query(
    `insert into sync.breakers (organization_id, state, error_code, opened_at, probe_at)
     values ($1, 'open', 'http_5xx', now(), now() + interval '1 hour')`,
    [stage.organizationId],
  );
  stage.work({}, { beatEveryMs: 50 });
  await until('the first beat', async () => (await stage.db.pool.query('select from sync.workers')).rowCount === 1);
  await until('the flags', async () => {
    await stage.db.pool.query(`select pg_sleep(0.1)`);
    return true;
  });
  const held = await Promise.all(numbers.slice(0, 5).map((number) => stage.addPush({ number })));
  const other = await stage.addPush({ organizationId: neighbour.id });
  await stage.reaches(other.pushId, 'delivered');
  assert.equal(stage.memberSystem.requests(), 0);
  // The neighbour's job may still be there for a moment after its push has arrived.
  const { rows } = await stage.db.pool.query(
    `select distinct revision, attempts from graphile_worker.jobs where key = any ($1)`,
    [held.map(({ pushId }) => `push_personnummer:${pushId}`)],
  );
  assert.deepEqual(rows, [{ revision: 0, attempts: 0 }], 'nobody has touched them');
  for (const { pushId } of held) assert.equal((await stage.push(pushId)).state, 'pending');
});

/** Milliseconds from queueing to delivery of pushes that come one after the other, sorted. */
async function delays(stage: Stage, organizationId: string, from: number): Promise<number[]> {
  const measured: number[] = [];
  for (const number of numbers.slice(from, from + 20)) {
    const { pushId } = await stage.addPush({ organizationId, number });
    await stage.reaches(pushId, 'delivered');
    const { rows } = await stage.db.pool.query<{ ms: number }>(
      `select extract(epoch from settled_at - created_at)::float * 1000 as ms from sync.pushes where id = $1`,
      [pushId],
    );
    measured.push(rows[0]?.ms ?? 0);
  }
  return measured.sort((one, other) => one - other);
}

test('a member system that hangs leaves the others as fast as they are', async () => {
  await using stage = await createStage();
  const neighbour = await stage.addNeighbour();
  await stage.changeRow({ timeout_ms: 20_000, concurrency: 100 });
  stage.work({ concurrency: 8 }, { beatEveryMs: 500 });
  const alone = await delays(stage, neighbour.id, 0);

  stage.memberSystem.setMode('hang');
  await Promise.all(numbers.slice(20, 60).map((number) => stage.addPush({ number })));
  await until('six that hang', async () => stage.memberSystem.requests() === 6);
  const beside = await delays(stage, neighbour.id, 20);
  assert.equal(stage.memberSystem.requests(), 6, 'a quarter of the places is kept for the others');
  const [p99Alone, p99Beside] = [alone.at(-1) ?? 0, beside.at(-1) ?? 0];
  assert.ok(p99Beside < p99Alone * 2 + 150, `slowest alone ${p99Alone} ms, beside one that hangs ${p99Beside} ms`);
});

test('Retry-After is honoured: nothing is sent before', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('too_many');
  const { pushId } = await stage.addPush();
  stage.work();
  await stage.reaches(pushId, 'pending', 'http_429');
  const { rows } = await stage.db.pool.query(
    `select extract(epoch from p.next_attempt_at - a.finished_at)::float as s, j.run_at = p.next_attempt_at as same
     from sync.pushes p join sync.push_attempts a on a.push_id = p.id, graphile_worker.jobs j
     where j.key = 'push_personnummer:' || p.id`,
  );
  assert.ok(rows[0].s >= 0.99 && rows[0].s < 2.2, `a second, as it said, and a little chance: ${rows[0].s}`);
  assert.equal(rows[0].same, true);
});
