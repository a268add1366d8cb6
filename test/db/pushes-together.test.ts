import assert from 'node:assert/strict';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { claimPushes, finishPush, finishPushes, type PushReport as Report } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';
import { type PushBench, withPush } from './support/push-bench.ts';

/** Another member of the organisation whose number waits; answers the push. */
async function addPush({ db, organization }: PushBench, nth: number): Promise<string> {
  const member = await addMember(db, organization, { personnummer: sampleNumbers[nth] as string });
  return (await one<{ id: string }>(db, 'select private.queue_push($1) as id', [member.id])).id;
}

/** In one call; only what is claimed. */
const claimAll = async ({ worker }: PushBench, ids: string[], name = 'w') => {
  const names = ids.map((_, nth) => `${name}${nth}`);
  return (await claimPushes(worker, ids, names)).filter(({ fencing_token }) => fencing_token !== null);
};

type Claim = { push_id: string; fencing_token: string; worker_id: string };
const finishAll = async ({ worker }: PushBench, claims: Claim[], next: (string | null)[] = claims.map(() => null)) => {
  const answers = await finishPushes(
    worker,
    claims.map(({ push_id, fencing_token, worker_id }, nth) => ({
      push_id,
      fencing_token,
      worker_id,
      result: 'delivered',
      http_status: 204,
      duration_ms: 7,
      next_worker_id: next[nth] ?? null,
    })),
  );
  return {
    finished: answers.filter(({ state }) => state === 'delivered').map(({ push_id }) => push_id),
    claims: answers.flatMap((answer) => (answer.next === null ? [] : [answer.next as Claim])),
  };
};
const stateOf = async ({ db }: PushBench, id: string) =>
  (await one(db, 'select state from sync.pushes where id = $1', [id])).state;
const jobs = async ({ db }: PushBench) =>
  (await db.pool.query('select key from graphile_worker.jobs')).rows.map(({ key }) => key.split(':')[1]);

test('several pushes are claimed in one call, each under its own name and in a place of its own', () =>
  withPush(async (bench) => {
    const ids = [bench.id, await addPush(bench, 1), await addPush(bench, 2)];
    const claims = await claimAll(bench, ids);
    const named = Object.fromEntries(claims.map((claim) => [claim.push_id, claim.worker_id]));
    assert.deepEqual(named, Object.fromEntries(ids.map((id, nth) => [id, `w${nth}`])));
    assert.ok(claims.every(({ fencing_token, personnummer_sealed }) => fencing_token === '1' && personnummer_sealed));
    const { rows } = await bench.db.pool.query(`select distinct slot from sync.pushes where state = 'sending'`);
    assert.equal(rows.length, 3);
    assert.deepEqual(await claimAll(bench, ids, 'x'), [], 'they are held now');
  }));

test('no more are claimed than the member system takes at a time, and those left out have changed nothing', () =>
  withPush(
    async (bench) => {
      const ids = [bench.id, await addPush(bench, 1), await addPush(bench, 2)];
      assert.equal((await claimAll(bench, ids)).length, 2);
      const { rows } = await bench.db.pool.query(
        `select attempts, fencing_token from sync.pushes where state = 'pending'`,
      );
      assert.deepEqual(rows, [{ attempts: 0, fencing_token: '0' }]);
    },
    { concurrency: 2 },
  ));

for (const [what, sql, waitsFor, after] of [
  [
    'an open breaker',
    `insert into sync.breakers (organization_id, state, error_code, opened_at, probe_at)
                       select organization_id, 'open', 'timeout', now(), now() from sync.pushes`,
    ['breaker_open'],
    'pending',
  ],
  ['a pause', `update sync.pushes set next_attempt_at = now() + interval '1 hour'`, [], 'pending'],
  ['a record that moved on', `update sync.pushes set personnummer_index = 'v1.other'`, [], 'superseded'],
] as const) {
  test(`${what} keeps a push from being claimed together with others`, () =>
    withPush(async (bench) => {
      await bench.db.pool.query(sql);
      assert.deepEqual(await claimAll(bench, [bench.id]), []);
      const waits = await claimPushes(bench.worker, [bench.id], ['w']);
      assert.deepEqual(
        waits.map(({ waits_for }) => waits_for),
        waitsFor,
      );
      assert.equal(await stateOf(bench, bench.id), after);
    }));
}

test('with a rate those that are claimed together leave one after the other; who would wait longer than three seconds is not claimed', () =>
  withPush(
    async (bench) => {
      const ids = [bench.id];
      for (let nth = 1; nth < 6; nth += 1) ids.push(await addPush(bench, nth));
      const answers = await claimPushes(bench.worker, ids, ids.map(String));
      const delays = answers.flatMap(({ delay_ms }) => (delay_ms === null ? [] : [Math.round(delay_ms / 1000)]));
      assert.deepEqual(delays.toSorted(), [0, 1, 2, 3]);
      const waits = answers.flatMap(({ waits_for }) => (waits_for === null ? [] : [waits_for]));
      assert.deepEqual(waits, ['rate_used_up', 'rate_used_up']);
    },
    { rate_per_second: 1, concurrency: 10 },
  ));

test('one that somebody holds on to does not keep the others waiting', () =>
  withPush(async (bench) => {
    const other = await addPush(bench, 1);
    const client = await bench.db.pool.connect();
    await client.query('begin');
    await client.query('select from sync.pushes where id = $1 for update', [bench.id]);
    assert.deepEqual(
      (await claimAll(bench, [bench.id, other])).map(({ push_id }) => push_id),
      [other],
    );
    await client.query('rollback');
    client.release();
  }));

test('deliveries are recorded together: state, attempt, audit event', () =>
  withPush(async (bench) => {
    const ids = [bench.id, await addPush(bench, 1)];
    const { finished } = await finishAll(bench, await claimAll(bench, ids));
    assert.deepEqual(finished.toSorted(), ids.toSorted());
    const { rows } = await bench.db.pool.query(
      `select p.state, a.attempt, a.result, a.http_status, a.duration_ms, e.event, e.detail ->> 'worker' = a.worker_id as named
       from sync.pushes as p join sync.push_attempts as a on a.push_id = p.id
       join audit.events as e on e.push_id = p.id and e.event = 'push_delivered'`,
    );
    const one = {
      attempt: 1,
      result: 'delivered',
      http_status: 204,
      duration_ms: 7,
      event: 'push_delivered',
      named: true,
    };
    assert.deepEqual(rows, [
      { state: 'delivered', ...one },
      { state: 'delivered', ...one },
    ]);
  }));

test('a report with an old token, or of another worker than the one that holds the push, changes nothing', () =>
  withPush(async (bench) => {
    const [claim] = await claimAll(bench, [bench.id]);
    for (const wrong of [{ fencing_token: '0' }, { worker_id: 'another' }]) {
      assert.deepEqual((await finishAll(bench, [{ ...claim, ...wrong }])).finished, []);
    }
    const report = { push_id: bench.id, fencing_token: claim.fencing_token, result: 'delivered', http_status: 200 };
    assert.equal(await finishPush(bench.worker, { ...report, worker_id: 'another' }), null);
    assert.equal(await stateOf(bench, bench.id), 'sending');
  }));

test('what has to be put right afterwards is put right, also in a call for many', () =>
  withPush(async (bench) => {
    const first = await bench.claim();
    await bench.finish(first.fencing_token, 'retry', 'http_5xx');
    await bench.db.pool.query('update sync.pushes set next_attempt_at = now()');
    const other = await addPush(bench, 1);
    const claims = await claimAll(bench, [bench.id, other]);
    assert.deepEqual((await finishAll(bench, claims)).finished.toSorted(), [bench.id, other].toSorted());
    const { failures } = await one(bench.db, 'select failures from sync.breakers');
    assert.equal(failures, 0, 'the count of failures starts again');
  }));

test('deliveries and failures reported in one call: each as if it came alone', () =>
  withPush(async (bench) => {
    const ids = [bench.id, await addPush(bench, 1), await addPush(bench, 2)];
    const claims = await claimAll(bench, ids);
    const report = ({ push_id, fencing_token }: Claim) => ({ push_id, fencing_token });
    const of = (id: string) => report(claims.find(({ push_id }) => push_id === id));
    const [delivered, failed, refused] = ids as [string, string, string];
    const answers = await finishPushes(bench.worker, [
      { ...of(delivered), result: 'delivered', http_status: 204 },
      { ...of(failed), result: 'retry', http_status: 503, error_code: 'http_5xx' },
      { ...of(refused), result: 'rejected', http_status: 422, error_code: 'http_4xx' },
    ]);
    assert.deepEqual(Object.fromEntries(answers.map(({ push_id, state }) => [push_id, state])), {
      [delivered]: 'delivered',
      [failed]: 'pending',
      [refused]: 'rejected',
    });
    const { rows } = await bench.db.pool.query('select push_id, result, error_code from sync.push_attempts');
    assert.equal(rows.length, 3);
    assert.equal((await one(bench.db, 'select push_id from registry.conflicts')).push_id, refused);
  }));

test('a report on a push, or on a member, that somebody holds on to is left out of a call for many, and waited for alone', () =>
  withPush(async (bench) => {
    const other = await addPush(bench, 1);
    const claims = await claimAll(bench, [bench.id, other]);
    const failure = { result: 'retry', http_status: 503, error_code: 'http_5xx' };
    const reports = claims.map(({ push_id, fencing_token }) => ({ push_id, fencing_token, ...failure }));
    await using holder = await begin(bench.db);
    await holder.query('select from registry.members where id = $1 for update', [bench.kari.id]);
    assert.deepEqual(
      (await finishPushes(bench.worker, reports)).map(({ push_id, state }) => [push_id, state]),
      [[other, 'pending']],
    );
    const alone = finishPushes(bench.worker, [reports.find(({ push_id }) => push_id === bench.id) as Report], true);
    await blocked(bench.db, 1);
    await holder.query('rollback');
    assert.deepEqual(
      (await alone).map(({ state }) => state),
      ['pending'],
    );
  }));

test('a report on many locks their members in one order, so that two of them never wait for each other', () =>
  withPush(async (bench) => {
    const other = await addPush(bench, 1);
    const claims = await claimAll(bench, [bench.id, other]);
    const failure = { result: 'retry', http_status: 503, error_code: 'http_5xx' };
    const reports = claims.map(({ push_id, fencing_token }) => ({ push_id, fencing_token, ...failure }));
    const { rows: members } = await bench.db.pool.query('select member_id as id from sync.pushes order by member_id');
    const [first, last] = members as [{ id: string }, { id: string }];
    // Written again, the last one is found first where nobody sorts.
    await bench.db.pool.query('update registry.members set phone = phone where id = $1', [first.id]);
    await using holder = await begin(bench.db);
    await holder.query('select from registry.members where id = $1 for update', [last.id]);
    const waiting = finishPushes(bench.worker, reports as Report[], true);
    await blocked(bench.db, 1);
    await assert.rejects(
      bench.db.pool.query('select from registry.members where id = $1 for update nowait', [first.id]),
      { code: '55P03' },
    );
    await holder.query('rollback');
    assert.equal((await waiting).length, 2);
  }));

test('with the report the next one that is due is claimed, and its job is gone', () =>
  withPush(async (bench) => {
    const [next, later] = [await addPush(bench, 1), await addPush(bench, 2)];
    await bench.db.pool.query(`update sync.pushes set next_attempt_at = now() + interval '1 hour' where id = $1`, [
      later,
    ]);
    const { finished, claims } = await finishAll(bench, await claimAll(bench, [bench.id]), ['w/2']);
    assert.deepEqual(finished, [bench.id]);
    assert.deepEqual(
      claims.map(({ push_id, worker_id }) => [push_id, worker_id]),
      [[next, 'w/2']],
    );
    assert.equal(await stateOf(bench, next), 'sending');
    assert.deepEqual((await jobs(bench)).toSorted(), [bench.id, later].toSorted());
  }));

test('the next one goes on in the place of the delivered one, if the member system still takes so many', () =>
  withPush(async (bench) => {
    const [second, third] = [await addPush(bench, 1), await addPush(bench, 2)];
    const slotOf = async (id: string) => (await one(bench.db, 'select slot from sync.pushes where id = $1', [id])).slot;
    const first = await claimAll(bench, [bench.id]);
    const slot = await slotOf(bench.id);
    const { claims } = await finishAll(bench, first, ['w/2']);
    assert.deepEqual(
      claims.map(({ push_id }) => push_id),
      [second],
    );
    assert.equal(await slotOf(second), slot);
    await bench.db.pool.query('update sync.pushes set slot = 2 where id = $1', [second]);
    await bench.db.pool.query('update sync.member_systems set concurrency = 1');
    assert.deepEqual(await finishAll(bench, claims, ['w/3']), { finished: [second], claims: [] });
    assert.equal(await stateOf(bench, third), 'pending');
    assert.ok((await jobs(bench)).includes(third));
  }));

test('a place that another worker took when the lease had run out is not handed on', () =>
  withPush(
    async (bench) => {
      const [second, third] = [await addPush(bench, 1), await addPush(bench, 2)];
      const late = await claimAll(bench, [bench.id]);
      await bench.db.pool.query('update sync.pushes set lease_expires_at = now() where id = $1', [bench.id]);
      assert.equal((await claimAll(bench, [second], 'other')).length, 1);
      assert.deepEqual(await finishAll(bench, late, ['w/2']), { finished: [bench.id], claims: [] });
      assert.equal(await stateOf(bench, third), 'pending');
      assert.ok((await jobs(bench)).includes(third), 'what was not claimed keeps its job');
    },
    { concurrency: 1 },
  ));

test('a worker that dies with such a push loses it to the next sweep', () =>
  withPush(async (bench) => {
    const next = await addPush(bench, 1);
    await finishAll(bench, await claimAll(bench, [bench.id]), ['w/2']);
    await bench.db.pool.query(`update sync.pushes set lease_expires_at = now() where id = $1`, [next]);
    assert.equal((await bench.sweep()).push_personnummer, 1);
    assert.ok((await jobs(bench)).includes(next));
  }));

test('a push whose job is being fetched at this moment is left to who fetches it', () =>
  withPush(async (bench) => {
    const next = await addPush(bench, 1);
    await bench.db.pool.query(
      `update graphile_worker._private_jobs set locked_at = now(), locked_by = 'another' where key = $1`,
      [`push_personnummer:${next}`],
    );
    const { claims } = await finishAll(bench, await claimAll(bench, [bench.id]), ['w/2']);
    assert.deepEqual(claims, []);
    assert.equal(await stateOf(bench, next), 'pending');
  }));
