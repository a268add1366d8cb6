import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addKari, one, openDoor } from '../support/door.ts';
import { sampleNumbers } from '../support/samples.ts';

const [NUMBER] = sampleNumbers;

/** A database with one filled member and its push, and the worker's door. */
async function withPush(action: (bench: Awaited<ReturnType<typeof setUp>>) => Promise<void>) {
  const bench = await setUp();
  try {
    await action(bench);
  } finally {
    await bench.worker.end();
    await bench.db[Symbol.asyncDispose]();
  }
}

async function setUp() {
  const db: TestDatabase = await createTestDatabase();
  await using door = await openDoor(db);
  const kari = await addKari(db, door, { external_id: 'kari-1' });
  await door.login({ personnummer: NUMBER });
  const worker = new pg.Pool({ connectionString: db.urlFor('sync_worker'), max: 10 });
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  const claim = async (workerId = 'worker-1') =>
    (await worker.query('select * from worker.claim_push($1, $2)', [id, workerId])).rows[0];
  const finish = async (token: string, result: string, code: string | null = null, final = false) =>
    (
      await worker.query('select worker.finish_push($1, $2, $3, null, $4, 12, $5) as state', [
        id,
        token,
        result,
        code,
        final,
      ])
    ).rows[0].state;
  const push = () => one(db, 'select * from sync.pushes where id = $1', [id]);
  const events = async () =>
    (await db.pool.query(`select event from audit.events where push_id is not null order by id`)).rows.map(
      (row) => row.event,
    );
  return { db, kari, worker, id, claim, finish, push, events };
}

test('a claim brings what is to be sent and where, once', () =>
  withPush(async ({ claim, kari, push }) => {
    const claims = (await Promise.all(Array.from({ length: 5 }, (_, nth) => claim(`worker-${nth}`)))).filter(Boolean);
    assert.equal(claims.length, 1);
    assert.equal(claims[0].external_id, 'kari-1');
    assert.equal(claims[0].member_id, kari.id);
    assert.equal(claims[0].attempt, 1);
    assert.match(claims[0].personnummer_sealed, /^ey/);
    assert.equal(claims[0].member_system.kind, 'http');
    assert.equal((await push()).state, 'sending');
  }));

test('delivered is final', () =>
  withPush(async ({ claim, finish, push, events, db }) => {
    const { fencing_token } = await claim();
    assert.equal(await finish(fencing_token, 'delivered'), 'delivered');
    assert.equal(await claim(), undefined);
    assert.equal(await finish(fencing_token, 'rejected', 'http_422'), null);
    assert.equal((await push()).state, 'delivered');
    assert.deepEqual(await events(), ['filled', 'push_delivered']);
    assert.equal((await one(db, 'select result from sync.push_attempts')).result, 'delivered');
  }));

test('a temporary failure waits for the next attempt; each one is recorded and audited', () =>
  withPush(async ({ claim, finish, push, events, db }) => {
    for (const attempt of [1, 2, 3]) {
      const { fencing_token } = await claim();
      assert.equal(await finish(fencing_token, 'retry', 'http_503'), 'pending');
      assert.equal((await push()).attempts, attempt);
    }
    assert.ok((await push()).next_attempt_at > new Date(Date.now() + 10_000), 'e^3 seconds');
    assert.deepEqual(await events(), ['filled', ...Array(3).fill('push_attempt_failed')]);
    assert.equal((await one(db, 'select count(*)::int as n from sync.push_attempts')).n, 3);
  }));

for (const [state, result, code, final] of [
  ['rejected', 'rejected', 'http_422', false],
  ['given_up', 'retry', 'http_503', true],
] as const) {
  test(`${state}: a case at once, never silence`, () =>
    withPush(async ({ claim, finish, events, db, id, kari }) => {
      const { fencing_token } = await claim();
      assert.equal(await finish(fencing_token, result, code, final), state);
      const conflict = await one(db, 'select kind, member_id, push_id, detail from registry.conflicts');
      assert.deepEqual([conflict.kind, conflict.member_id, conflict.push_id], ['push_failed', kari.id, id]);
      assert.equal(conflict.detail.error_code, code);
      assert.deepEqual(await events(), ['filled', `push_${state}`]);
      assert.equal(await claim(), undefined);
    }));
}

test('a paused worker that wakes up after its lease cannot overwrite a newer result', () =>
  withPush(async ({ claim, finish, push, db }) => {
    const paused = await claim('paused');
    await db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    const later = await claim('later');
    assert.equal(later.attempt, 2);
    assert.equal(await finish(paused.fencing_token, 'rejected', 'http_422'), null);
    assert.equal(await finish(later.fencing_token, 'delivered'), 'delivered');
    assert.equal((await push()).leased_by, 'later');
  }));

test('a push whose record has moved on is dropped, also when that is noticed only at its report', () =>
  withPush(async ({ claim, finish, push, db }) => {
    const { fencing_token } = await claim();
    await db.pool.query(`update registry.members set personnummer_index = 'v1.another'`);
    assert.equal(await finish(fencing_token, 'retry', 'http_503'), 'superseded');
    assert.equal((await push()).settled_at instanceof Date, true);
  }));

test('reconcile queues again what has no live job: dropped, used up, or left behind by a dead worker', () =>
  withPush(async ({ claim, worker, db }) => {
    const queued = async () =>
      (await worker.query(`select queued from worker.reconcile() where what = 'push_personnummer'`)).rows[0].queued;
    const live = `select count(*)::int as n from graphile_worker.jobs where attempts < max_attempts and locked_at is null`;
    assert.equal(await queued(), 0);
    await db.pool.query(`update sync.pushes set next_attempt_at = now() - interval '1 hour'`);
    assert.equal(await queued(), 0, 'its job is alive');
    await db.pool.query('delete from graphile_worker._private_jobs');
    assert.equal(await queued(), 1);
    assert.equal(await queued(), 0);
    await db.pool.query(`update graphile_worker._private_jobs set attempts = max_attempts`);
    assert.equal(await queued(), 1, 'all attempts used');
    await claim();
    await db.pool.query(`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead'`);
    assert.equal(await queued(), 0, 'the lease still runs');
    await db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    assert.equal(await queued(), 1);
    assert.equal((await one(db, live)).n, 1);
  }));
