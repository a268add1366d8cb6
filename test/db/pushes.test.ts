import assert from 'node:assert/strict';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { claimPush, finishPush } from '../support/push-worker.ts';
import { withPush } from './support/push-bench.ts';

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
      await db.pool.query('update sync.pushes set next_attempt_at = now()');
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

test('given up is tried again a day later, and a delivery closes the case', () =>
  withPush(async ({ claim, finish, push, events, db }) => {
    const first = await claim();
    assert.equal(await finish(first.fencing_token, 'retry', 'http_5xx', true), 'given_up');
    assert.equal(await claim(), undefined);
    const { run_at } = await one(db, 'select run_at from graphile_worker.jobs');
    assert.ok(run_at > new Date(Date.now() + 23 * 3_600_000), 'it has a job for then');
    await db.pool.query('update sync.pushes set next_attempt_at = now()');
    const later = await claim();
    assert.equal(later.attempt, 2);
    assert.equal(await finish(later.fencing_token, 'delivered'), 'delivered');
    assert.equal((await push()).next_attempt_at, null);
    assert.deepEqual(await one(db, 'select state, superseded_by is not null as said from registry.conflicts'), {
      state: 'superseded',
      said: true,
    });
    assert.deepEqual(await events(), ['filled', 'push_given_up', 'push_delivered', 'case_superseded']);
  }));

test('twenty-five failures are given up only when days have passed', () =>
  withPush(async ({ claim, finish, db }) => {
    await db.pool.query('update sync.pushes set attempts = 30');
    const first = await claim();
    assert.equal(await finish(first.fencing_token, 'retry', 'http_429'), 'pending');
    await db.pool.query(`update sync.pushes set next_attempt_at = now(), created_at = now() - interval '4 days'`);
    const later = await claim();
    assert.equal(await finish(later.fencing_token, 'retry', 'http_429'), 'given_up');
  }));

for (const [retryAfter, attempts, low, high] of [
  [30, 1, 30, 32],
  [0, 1, 1, 3],
  [0, 20, 60, 62],
  [3_600, 3, 3_600, 3_602],
  [315_360_000, 1, 86_400, 86_402],
  [null, 3, 20, 23],
  [null, 24, 22_026, 24_300],
] as const) {
  test(`Retry-After ${retryAfter} at attempt ${attempts}: the next one is due in ${low} to ${high} seconds, and has a job then`, () =>
    withPush(async ({ claim, db, worker, id }) => {
      await db.pool.query('update sync.pushes set attempts = $1', [attempts - 1]);
      const { fencing_token } = await claim();
      const report = { push_id: id, fencing_token, result: 'retry', http_status: 429, error_code: 'http_429' };
      await finishPush(worker, { ...report, retry_after: retryAfter });
      const { seconds, same } = await one(
        db,
        `select extract(epoch from p.next_attempt_at - clock_timestamp())::float as seconds, j.run_at = p.next_attempt_at as same
         from sync.pushes p, graphile_worker.jobs j where j.key = 'push_personnummer:' || p.id`,
      );
      assert.ok(seconds > low - 1 && seconds <= high, `${seconds}`);
      assert.equal(same, true);
    }));
}

test('a job that comes too early does not send, and leaves one that comes in time', () =>
  withPush(async ({ claim, db }) => {
    await db.pool.query(`update sync.pushes set next_attempt_at = now() + interval '1 hour'`);
    assert.equal(await claim(), undefined);
    assert.equal(
      (await one(db, `select run_at > now() + interval '59 minutes' as later from graphile_worker.jobs`)).later,
      true,
    );
  }));

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

test('a worker that lives keeps its lease; one that falls silent loses its locks and its push is queued at once', () =>
  withPush(async ({ claim, beat, sweep, db, id }) => {
    const { fencing_token } = await claim();
    assert.deepEqual(await beat('pool-1', [id], [fencing_token]), { lost: [], forbidden_flags: [] });
    await db.pool.query(`update sync.pushes set lease_expires_at = now() + interval '1 second'`);
    await beat('pool-1', [id], [fencing_token]);
    assert.equal(
      (await one(db, `select lease_expires_at > now() + interval '10 seconds' as long from sync.pushes`)).long,
      true,
    );
    await db.pool.query(`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'pool-1'`);
    assert.deepEqual(await sweep(), { push_personnummer: 0, probe: 0 });

    await db.pool.query(`update sync.workers set seen_at = now() - interval '16 seconds'`);
    await db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    assert.deepEqual(await sweep(), { worker_lost: 1, push_personnummer: 0, probe: 0 });
    assert.equal((await one(db, 'select locked_at from graphile_worker.jobs')).locked_at, null);
    assert.equal((await claim('worker-2')).attempt, 2);
    assert.deepEqual(await beat('pool-1', [id], [fencing_token]), { lost: [id], forbidden_flags: [] });
  }));

test('a lapsed lease gets a job also where the lock of the old one cannot be explained', () =>
  withPush(async ({ claim, sweep, worker, db }) => {
    await claim();
    await db.pool.query(
      `update graphile_worker._private_jobs set locked_at = now() - interval '2 minutes', locked_by = 'never heard of'`,
    );
    await db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    assert.deepEqual(await sweep(), { push_personnummer: 1, probe: 0 });
    await worker.query('select worker.reconcile()');
    assert.deepEqual((await db.pool.query('select key is not null as key, locked_at from graphile_worker.jobs')).rows, [
      { key: true, locked_at: null },
    ]);
  }));

test('sweeping is done by one worker at a time, and waits for nobody', () =>
  withPush(async ({ db, worker }) => {
    const client = await db.pool.connect();
    await client.query('begin');
    await client.query('select worker.sweep()');
    assert.equal((await worker.query('select * from worker.sweep()')).rowCount, 0);
    await client.query('rollback');
    client.release();
  }));

test('the pushes of one member go out one after the other, so that the newest value arrives last', () =>
  withPush(async ({ claim, finish, db, kari, worker, push }) => {
    const first = await claim();
    await db.pool.query(`update registry.members set personnummer_index = 'v1.another'`);
    const { id } = await one(db, 'select private.queue_push($1) as id', [kari.id]);
    const claimNext = () => claimPush(worker, id, 'w2');
    assert.equal((await claimNext()).waits_for, 'member_busy');
    assert.equal(await finish(first.fencing_token, 'delivered'), 'delivered');
    assert.equal((await push()).state, 'delivered');
    assert.equal((await claimNext()).personnummer_index, 'v1.another');
  }));

test('an old value that arrives after a newer one, from a worker that was paused, is put right', () =>
  withPush(async ({ claim, finish, db, kari, worker }) => {
    const paused = await claim('paused');
    await db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    await db.pool.query(`update registry.members set personnummer_index = 'v1.another'`);
    const { id } = await one(db, 'select private.queue_push($1) as id', [kari.id]);
    const { fencing_token } = await claimPush(worker, id, 'w2');
    await finishPush(worker, { push_id: id, fencing_token, result: 'delivered', http_status: 200 });
    assert.equal(await finish(paused.fencing_token, 'delivered'), 'delivered');
    const { index } = await one(db, `select personnummer_index as index from sync.pushes where state = 'pending'`);
    assert.equal(index, 'v1.another');
  }));

test('a number that was removed is carried as nothing', () =>
  withPush(async ({ claim, finish, db, kari, worker }) => {
    const first = await claim();
    await finish(first.fencing_token, 'delivered');
    await db.pool.query(`update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
      personnummer_source = null, personnummer_at = null`);
    const { id } = await one(db, 'select private.queue_push($1) as id', [kari.id]);
    const claimed = await claimPush(worker, id);
    assert.deepEqual(
      [claimed.personnummer_sealed, claimed.personnummer_index, claimed.external_id],
      [null, null, 'kari-1'],
    );
  }));

const taken = { result: 'accepted', http_status: 202, status_url: 'https://m.example/status/1' };

test('what was taken in is asked about, later and later, and keeps its status URL; once settled nothing of that is left', () =>
  withPush(async ({ claim, push, worker, id, db }) => {
    const accept = async () => {
      const { fencing_token, status_url } = await claim();
      await finishPush(worker, { push_id: id, fencing_token, ...taken });
      return status_url;
    };
    const dueIn = `select extract(epoch from next_attempt_at - clock_timestamp())::float as seconds from sync.pushes`;
    assert.equal(await accept(), null);
    assert.equal(Math.round((await one(db, dueIn)).seconds), 10);
    await db.pool.query(
      `update sync.pushes set next_attempt_at = now(), accepted_until = now() + interval '46 hours 20 minutes'`,
    );
    assert.equal(await accept(), 'https://m.example/status/1');
    assert.equal(
      Math.round((await one(db, dueIn)).seconds / 60),
      10,
      'a tenth of the hour and forty minutes that have passed',
    );
    await db.pool.query(`update sync.pushes set next_attempt_at = now(), accepted_until = now() - interval '1 minute'`);
    const overdue = await claim();
    assert.equal(overdue.overdue, true);
    await finishPush(worker, {
      push_id: id,
      fencing_token: overdue.fencing_token,
      result: 'retry',
      http_status: 202,
      error_code: 'acceptance_expired',
      final: true,
    });
    const { state, status_url, accepted_until } = await push();
    assert.deepEqual([state, status_url, accepted_until], ['given_up', null, null]);
  }));

test('a status URL that is gone means sending again', () =>
  withPush(async ({ claim, finish, worker, id, push, db }) => {
    const { fencing_token } = await claim();
    await finishPush(worker, { push_id: id, fencing_token, ...taken });
    await db.pool.query('update sync.pushes set next_attempt_at = now()');
    const poll = await claim();
    assert.equal(await finish(poll.fencing_token, 'retry', 'status_lost'), 'pending');
    assert.equal((await push()).status_url, null);
  }));

test('what goes by an interface is no change of the worklist: no person fetches it or marks it done', () =>
  withPush(async ({ db, organization, id, push }) => {
    const coordinator = await becomeCoordinator(db, organization);
    for (const name of ['fetch_number', 'mark_done']) {
      assert.equal((await coordinator.call(name, id)).code, 'not_found', name);
    }
    assert.equal((await push()).state, 'pending');
  }));

test('an older push that arrives after all does not close the case about a newer one', () =>
  withPush(async ({ db, kari, id, claim, finish }) => {
    const older = await claim();
    await db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    await db.pool.query(`update registry.members set personnummer_index = 'v1.newer' where id = $1`, [kari.id]);
    const newer = await one<{ id: string }>(db, 'select private.queue_push($1) as id', [kari.id]);
    const { fencing_token } = await claim('worker-2', newer.id);
    assert.equal(await finish(fencing_token, 'rejected', 'http_422', false, newer.id), 'rejected');
    assert.equal(await finish(older.fencing_token, 'delivered', null, false, id), 'delivered');
    const { state } = await one(
      db,
      `select state from registry.conflicts where push_id = $1 and kind = 'push_failed'`,
      [newer.id],
    );
    assert.equal(state, 'open');
  }));

test('a report that comes too late about the newest push heals nothing: nothing newer was overtaken', () =>
  withPush(async ({ db, kari, id, claim, finish }) => {
    const first = await claim();
    assert.equal(await finish(first.fencing_token, 'delivered', null, false, id), 'delivered');
    await db.pool.query(`update registry.members set personnummer_index = 'v1.newer' where id = $1`, [kari.id]);
    const newest = await one<{ id: string }>(db, 'select private.queue_push($1) as id', [kari.id]);
    const lost = await claim('worker-1', newest.id);
    await db.pool.query(
      `update sync.pushes set lease_expires_at = now() - interval '1 second' where state = 'sending'`,
    );
    const again = await claim('worker-2', newest.id);
    assert.equal(await finish(again.fencing_token, 'delivered', null, false, newest.id), 'delivered');
    assert.equal(await finish(lost.fencing_token, 'delivered', null, false, newest.id), null);
    assert.equal((await one(db, 'select count(*)::int as n from sync.pushes')).n, 2);
  }));
