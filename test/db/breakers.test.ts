import assert from 'node:assert/strict';
import { test } from 'vitest';
import { failureResults } from '../../worker/failure.ts';
import { failureOfStatus } from '../../worker/member-system/classify.ts';
import { one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { finishPush } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { type PushBench, withPush } from './support/push-bench.ts';

/** Another member of the organisation whose number waits; answers the push. */
async function addPush({ db, organization }: PushBench, nth: number): Promise<string> {
  const member = await addMember(db, organization, { personnummer: sampleNumbers[nth] as string });
  return (await one<{ id: string }>(db, 'select private.queue_push($1) as id', [member.id])).id;
}

async function fail(bench: PushBench, pushId: string, code: string) {
  await bench.db.pool.query('update sync.pushes set next_attempt_at = now() where id = $1', [pushId]);
  const { fencing_token } = await bench.claim('w', pushId);
  return bench.finish(fencing_token, 'retry', code, false, pushId);
}

const breaker = ({ db }: PushBench) => one(db, 'select * from sync.breakers');
/** By how much the next probe is put off, by the database's own clock. */
const pauseOf = ({ probe_at, changed_at }: Awaited<ReturnType<typeof breaker>>) =>
  probe_at.getTime() - changed_at.getTime();
const cases = async ({ db }: PushBench) =>
  (await db.pool.query(`select state, detail from registry.conflicts where kind = 'member_system' order by opened_at`))
    .rows;
const transitions = async ({ db }: PushBench) =>
  (await db.pool.query(`select event from audit.events where event like 'breaker%' order by id`)).rows.map(
    (row) => row.event,
  );
const probeNow = ({ db }: PushBench) => db.pool.query(`update sync.breakers set probe_at = now()`);
const flagsOf = async ({ db }: PushBench, pushId: string) =>
  (await one(db, 'select flags from graphile_worker.jobs where key = $1', [`push_personnummer:${pushId}`])).flags;

test('five failures in a row open the breaker, and a delivery among them starts the count again', () =>
  withPush(async (bench) => {
    const other = await addPush(bench, 1);
    for (let n = 0; n < 4; n += 1) await fail(bench, bench.id, 'http_5xx');
    const { fencing_token } = await bench.claim('w', other);
    await bench.finish(fencing_token, 'delivered', null, false, other);
    assert.equal((await breaker(bench)).failures, 0);
    for (let n = 0; n < 4; n += 1) await fail(bench, bench.id, 'timeout');
    assert.equal((await breaker(bench)).state, 'closed');
    await fail(bench, bench.id, 'connection_failed');
    const opened = await breaker(bench);
    assert.deepEqual([opened.state, opened.error_code], ['open', 'connection_failed']);
    assert.ok(Math.abs(pauseOf(opened) - 30_000) < 100);
    assert.deepEqual(await cases(bench), [], 'an outage is no case for a coordinator, yet');
  }));

for (const code of ['http_401', 'http_403', 'token_refused', 'secret_missing', 'redirect_refused']) {
  test(`${code} opens it at once, raises one case, and no other push is burned`, () =>
    withPush(async (bench) => {
      const others = [await addPush(bench, 1), await addPush(bench, 2)];
      assert.equal(await fail(bench, bench.id, code), 'pending');
      const flag = `org:${bench.organization.id}`;
      assert.deepEqual((await bench.beat('pool-1')).forbidden_flags, [flag]);
      for (const other of others) {
        assert.deepEqual(await flagsOf(bench, other), { [flag]: true });
        const { waits_for, fencing_token } = await bench.claim('w', other);
        assert.deepEqual([waits_for, fencing_token], ['breaker_open', null]);
      }
      assert.deepEqual(
        (await cases(bench)).map(({ state }) => state),
        ['open'],
      );
      assert.equal((await one(bench.db, 'select sum(attempts)::int as n from sync.pushes')).n, 1);
    }));
}

test('a failed probe makes the pause longer, a good one closes the breaker and its case; all of it is audited', () =>
  withPush(async (bench) => {
    const other = await addPush(bench, 1);
    await fail(bench, bench.id, 'http_401');
    assert.equal((await bench.sweep()).probe, 0, 'its pause is not over');
    await probeNow(bench);
    assert.equal((await bench.sweep()).probe, 1);
    const { probe_push_id } = await breaker(bench);
    assert.equal(probe_push_id, other, 'the one that is due longest');
    assert.equal(await flagsOf(bench, other), null, 'its job is fetched');
    await fail(bench, other, 'http_401');
    const again = await breaker(bench);
    assert.deepEqual([again.state, again.openings], ['open', 2]);
    assert.ok(Math.abs(pauseOf(again) - 60_000) < 100);

    await bench.db.pool.query('update sync.pushes set next_attempt_at = now() where id = $1', [bench.id]);
    await probeNow(bench);
    await bench.sweep();
    const { fencing_token } = await bench.claim();
    await bench.finish(fencing_token, 'delivered');
    assert.equal((await breaker(bench)).state, 'closed');
    assert.deepEqual((await bench.beat('pool-1')).forbidden_flags, []);
    assert.deepEqual(
      (await cases(bench)).map(({ state }) => state),
      ['superseded'],
    );
    assert.deepEqual(await transitions(bench), [
      'breaker_opened',
      'breaker_probing',
      'breaker_opened',
      'breaker_probing',
      'breaker_closed',
    ]);
    const { due } = await one(bench.db, 'select next_attempt_at <= now() as due from sync.pushes where id = $1', [
      other,
    ]);
    assert.equal(due, true, 'what waited for a dead system is tried at once');
  }));

test('a change that the member system refuses shows that it works', () =>
  withPush(async (bench) => {
    await addPush(bench, 1);
    await fail(bench, bench.id, 'http_401');
    await probeNow(bench);
    await bench.sweep();
    const { probe_push_id } = await breaker(bench);
    const { fencing_token } = await bench.claim('w', probe_push_id);
    const refused = { push_id: probe_push_id, fencing_token, result: 'rejected', http_status: 422 };
    await finishPush(bench.worker, { ...refused, error_code: 'http_4xx' });
    assert.equal((await breaker(bench)).state, 'closed');
  }));

test('Retry-After is the pause of the breaker where it is longer', () =>
  withPush(async (bench) => {
    await bench.db.pool.query(`insert into sync.breakers (organization_id, failures) values ($1, 4)`, [
      bench.organization.id,
    ]);
    const { fencing_token } = await bench.claim();
    const busy = { push_id: bench.id, fencing_token, result: 'retry', http_status: 429, error_code: 'http_429' };
    await finishPush(bench.worker, { ...busy, retry_after: 600 });
    assert.ok(Math.abs(pauseOf(await breaker(bench)) - 600_000) < 100);
  }));

test('faults of a single member leave it alone', () =>
  withPush(async (bench) => {
    for (const code of [
      'sealing_key_unknown',
      'lease_lost',
      'worker_stopping',
      'database_failed',
      'unexpected_error',
    ]) {
      for (let n = 0; n < 2; n += 1) await fail(bench, bench.id, code);
    }
    assert.equal((await bench.db.pool.query('select from sync.breakers')).rowCount, 0);
  }));

for (const code of ['http_403', 'redirect_refused']) {
  test(`${code} that only ever meets one member is a case of that member`, () => onlyOneMember(code));
}

const onlyOneMember = (code: string) =>
  withPush(async (bench) => {
    const states: (string | null)[] = [];
    for (const nth of [1, 2, 3]) {
      states.push(await fail(bench, bench.id, code));
      await bench.db.pool.query(
        `update sync.breakers set state = 'closed', probe_at = null, opened_at = null, probe_push_id = null`,
      );
      const other = await addPush(bench, nth);
      const { fencing_token } = await bench.claim('w', other);
      await bench.finish(fencing_token, 'delivered', null, false, other);
    }
    assert.deepEqual(states, ['pending', 'pending', 'rejected']);
  });

test('every status that is tried again because of the member system counts for its breaker', () =>
  withPush(async ({ db }) => {
    const codes = Array.from({ length: 300 }, (_, at) => failureOfStatus(300 + at));
    const repeated = [...new Set(codes)].filter((code) => failureResults[code] === 'retry');
    const { rows } = await db.pool.query(
      'select code, private.member_system_fault(code) as fault from unnest($1::text[]) as code',
      [repeated],
    );
    assert.ok(rows.length >= 8, `${rows.length} codes`);
    for (const { code, fault } of rows) assert.ok(['at_once', 'counted'].includes(fault), `${code} ${fault}`);
  }));

test('where nothing waits there is nothing to find out, and the next change is the probe', () =>
  withPush(async (bench) => {
    await fail(bench, bench.id, 'http_401');
    await bench.db.pool.query(
      `update sync.pushes set state = 'cancelled', settled_at = now(), next_attempt_at = null, consent_withdrawn_at = now()`,
    );
    await probeNow(bench);
    assert.equal((await bench.sweep()).probe, 0);
    const next = await addPush(bench, 1);
    assert.equal((await bench.sweep()).probe, 1);
    assert.equal((await breaker(bench)).probe_push_id, next);
  }));

test('a probe whose record changes is followed by another at once', () =>
  withPush(async (bench) => {
    const other = await addPush(bench, 1);
    await fail(bench, other, 'http_401');
    await bench.db.pool.query(`update sync.pushes set next_attempt_at = now() + interval '1 hour' where id = $1`, [
      other,
    ]);
    await probeNow(bench);
    await bench.sweep();
    assert.equal((await breaker(bench)).probe_push_id, bench.id);
    await bench.db.pool.query(`update registry.members set personnummer_index = 'v1.another' where id = $1`, [
      bench.kari.id,
    ]);
    assert.equal(await bench.claim(), undefined);
    assert.equal((await bench.sweep()).probe, 1);
    assert.equal((await breaker(bench)).probe_push_id, other);
  }));

test('an outage of a day is a case, once', () =>
  withPush(async (bench) => {
    for (let n = 0; n < 5; n += 1) await fail(bench, bench.id, 'http_5xx');
    const reconcile = () => bench.worker.query('select worker.reconcile()');
    await reconcile();
    assert.deepEqual(await cases(bench), []);
    await bench.db.pool.query(`update sync.breakers set opened_at = now() - interval '25 hours'`);
    await reconcile();
    await reconcile();
    assert.deepEqual(await cases(bench), [{ state: 'open', detail: { error_code: 'http_5xx' } }]);
  }));

test('a member system that is away for seven days loses nothing, and costs few attempts', () =>
  withPush(async (bench) => {
    const others = [await addPush(bench, 1), await addPush(bench, 2), await addPush(bench, 3)];
    for (let n = 0; n < 5; n += 1) await fail(bench, bench.id, 'connection_failed');
    // A week of probes at a quarter of an hour, twenty at a time.
    for (let n = 0; n < 40; n += 1) {
      await bench.db.pool.query(`update sync.pushes set created_at = created_at - interval '4 hours 12 minutes'`);
      await probeNow(bench);
      await bench.sweep();
      await fail(bench, (await breaker(bench)).probe_push_id, 'connection_failed');
    }
    await probeNow(bench);
    await bench.sweep();
    const { probe_push_id } = await breaker(bench);
    const { fencing_token } = await bench.claim('w', probe_push_id);
    await bench.finish(fencing_token, 'delivered', null, false, probe_push_id);
    for (const id of [bench.id, ...others]) {
      if (id === probe_push_id) continue;
      const { fencing_token } = await bench.claim('w', id);
      assert.equal(await bench.finish(fencing_token, 'delivered', null, false, id), 'delivered');
    }
    const { n } = await one(
      bench.db,
      `select count(*)::int as n from registry.conflicts where kind = 'push_failed' and state = 'open'`,
    );
    assert.equal(n, 0);
  }));

test('coordinators see where it stands, and a retry makes the next probe come at once', () =>
  withPush(async (bench) => {
    await fail(bench, bench.id, 'http_401');
    const coordinator = await becomeCoordinator(bench.db, bench.organization);
    const stranger = await becomeCoordinator(bench.db);
    assert.deepEqual(await stranger.query('select * from api.member_systems'), []);
    const [row] = await coordinator.query('select kind, breaker, reason, waiting from api.member_systems');
    assert.deepEqual(row, {
      kind: 'http',
      breaker: 'open',
      reason: 'The member system does not accept our credentials. They must be renewed.',
      waiting: '1',
    });
    const [failed] = await coordinator.query('select reason, next_attempt_at from api.failed_syncs');
    assert.ok(failed?.next_attempt_at > new Date(Date.now() + 20_000), 'not before the probe');
    await coordinator.call('retry_sync', bench.id);
    assert.equal((await bench.sweep()).probe, 1);
  }));

test('the concurrency of a row holds over all workers, also when they claim at the same instant', () =>
  withPush(
    async (bench) => {
      const ids = [bench.id, ...(await Promise.all([1, 2, 3, 4, 5, 6, 7].map((nth) => addPush(bench, nth))))];
      for (let round = 0; round < 5; round += 1) {
        const claims = await Promise.all(ids.map((id, at) => bench.claim(`w${at}`, id)));
        const held = claims.filter(({ waits_for }) => waits_for === null);
        assert.ok(held.length >= 1 && held.length <= 3, `${held.length} of 3`);
        assert.ok(claims.every(({ waits_for }) => waits_for === null || waits_for === 'no_slot'));
        // A worker that died gives its place back when its lease ends.
        await bench.db.pool.query(
          `update sync.pushes set lease_expires_at = now() - interval '1 second' where state = 'sending'`,
        );
      }
    },
    { concurrency: 3 },
  ));

test('the rate of a row spaces requests evenly over all workers', () =>
  withPush(
    async (bench) => {
      const ids = [bench.id, ...(await Promise.all([1, 2, 3, 4, 5].map((nth) => addPush(bench, nth))))];
      const step = 200;
      const clock = async (sql = 'clock_timestamp()') =>
        (await one<{ at: Date }>(bench.db, `select ${sql} as at`)).at.getTime();
      let due = 0;
      for (const id of ids) {
        // Time passes between claims, more on a loaded machine: each is compared with the clock before and after it.
        const before = await clock();
        const { delay_ms } = await bench.claim('w', id);
        const after = await clock();
        if (due === 0) assert.equal(delay_ms, 0);
        const leaves = (await clock('(select free_at from sync.rates)')) - step;
        const [earliest, latest] = [Math.max(due, before), Math.max(due, after)];
        assert.ok(leaves >= earliest - 1 && leaves <= latest + 1, `${leaves} of ${earliest} to ${latest}`);
        assert.ok(delay_ms >= leaves - after - 1 && delay_ms <= leaves - before + 1, `${delay_ms}`);
        due = leaves + step;
      }
    },
    { rate_per_second: 5, concurrency: 10 },
  ));
