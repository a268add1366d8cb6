import assert from 'node:assert/strict';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator, type Coordinator, type Reply } from '../support/coordinator.ts';
import { addMember, addMemberSystem, addOrganization, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';
import { type PushBench, withPush } from './support/push-bench.ts';

async function addFailed(
  bench: PushBench,
  nth: number,
  code: string,
  organization = bench.organization,
): Promise<string> {
  const { db } = bench;
  const member = await addMember(db, organization, { personnummer: sampleNumbers[nth] as string });
  const { id } = await one<{ id: string }>(db, 'select private.queue_push($1) as id', [member.id]);
  const { fencing_token } = await bench.claim('w', id);
  await bench.finish(fencing_token, 'rejected', code, false, id);
  return id;
}

const named = async (coordinator: Coordinator, argument: string, value: unknown): Promise<Reply> =>
  (await coordinator.query<{ reply: Reply }>(`select api.retry_sync(${argument} => $1) as reply`, [value]))[0]
    ?.reply as Reply;

const waiting = ({ db }: PushBench) =>
  db.pool.query(`select from sync.pushes where state = 'pending'`).then(({ rowCount }) => rowCount);

test('several are tried again in one call, and one that cannot be does not stop the others', () =>
  withPush(async (bench) => {
    const failed = [await addFailed(bench, 1, 'http_4xx'), await addFailed(bench, 2, 'http_409')];
    const coordinator = await becomeCoordinator(bench.db, bench.organization);
    assert.deepEqual(await named(coordinator, 'push_ids', [...failed, bench.id]), { queued: 2, not_queued: 1 });
    assert.equal(await waiting(bench), 3);
    assert.deepEqual(
      await named(coordinator, 'push_ids', failed),
      { queued: 0, not_queued: 2 },
      'later ones took their place',
    );
    assert.equal(
      (await one(bench.db, `select count(*)::int as n from audit.events where event = 'push_requeued'`)).n,
      2,
    );
    assert.deepEqual(await coordinator.query(`select * from api.open_conflicts where kind = 'push_failed'`), []);
  }));

test('a whole reason is tried again, in the own organisations only', () =>
  withPush(async (bench) => {
    const other = await addOrganization(bench.db);
    await addMemberSystem(bench.db, other);
    await addFailed(bench, 1, 'http_4xx');
    await addFailed(bench, 2, 'http_4xx');
    await addFailed(bench, 3, 'http_409');
    const foreign = await addFailed(bench, 4, 'http_4xx', other);
    const coordinator = await becomeCoordinator(bench.db, bench.organization);
    assert.deepEqual(await named(coordinator, 'error_code', 'http_4xx'), { queued: 2, not_queued: 0 });
    assert.deepEqual(await named(coordinator, 'error_code', 'http_4xx'), { queued: 0, not_queued: 0 });
    assert.deepEqual(await named(coordinator, 'push_ids', [foreign]), { queued: 0, not_queued: 1 });
    assert.equal((await named(coordinator, 'push_id', foreign)).code, 'not_found');
  }));

test('breakers are locked in one order, whatever order their rows have', () =>
  withPush(async (bench) => {
    const { db } = bench;
    const organizations = [bench.organization, await addOrganization(db)].toSorted((one, other) =>
      one.id < other.id ? -1 : 1,
    );
    for (const organization of organizations.filter(({ id }) => id !== bench.organization.id))
      await addMemberSystem(db, organization);
    const failed = [];
    for (const [nth, organization] of organizations.entries())
      failed.push(await addFailed(bench, nth + 1, 'http_4xx', organization));
    // The last one's row is written first, so that a plain read would meet it first.
    for (const { id } of organizations.toReversed())
      await db.pool.query(
        `insert into sync.breakers (organization_id, state, failures, openings, error_code, opened_at, probe_at)
         values ($1, 'open', 5, 1, 'http_5xx', now(), now() + interval '1 hour')`,
        [id],
      );
    const coordinator = await becomeCoordinator(db, ...organizations);
    const [first, last] = organizations;
    assert.ok(first && last);
    await using other = await begin(db);
    await other.query('select from sync.breakers where organization_id = $1 for update', [first.id]);
    const retried = named(coordinator, 'push_ids', failed);
    await blocked(db, 1);
    await other.query('select from sync.breakers where organization_id = $1 for update nowait', [last.id]);
    await other.query('commit');
    assert.deepEqual(await retried, { queued: 2, not_queued: 0 });
  }));

test('one thing has to be named, and no more than a thousand', () =>
  withPush(async ({ db, organization, id }) => {
    const coordinator = await becomeCoordinator(db, organization);
    const both = await coordinator.query<{ reply: Reply }>(
      `select api.retry_sync(push_id => $1, error_code => 'http_4xx') as reply`,
      [id],
    );
    assert.equal(both[0]?.reply.code, 'name_one_thing');
    assert.equal((await named(coordinator, 'push_ids', Array(1001).fill(id))).code, 'name_one_thing');
    assert.equal(
      (await coordinator.query<{ reply: Reply }>('select api.retry_sync() as reply'))[0]?.reply.code,
      'name_one_thing',
    );
  }));

test('every code a worker stores has a reason in plain words', async () => {
  const { failureResults } = await import('../../worker/failure.ts');
  await withPush(async ({ db }) => {
    // No push ever has them: they are of other jobs, or nobody foresaw them.
    const ofOtherJobs = [
      'observation_deferred',
      'erasure_unknown',
      'erasure_ledger_unreachable',
      'erasure_ledger_broken',
    ];
    // An invoice's; billing.explain_state has them.
    const ofInvoices = [
      'issuer_misconfigured',
      'issuer_not_allowed',
      'issue_token_missing',
      'issue_token_expired',
      'invoice_overdue',
      'look_up_refused',
      'look_ups_used_up',
    ].filter((code) => code in failureResults);
    for (const code of ofInvoices) {
      const { reason } = await one(db, `select billing.explain_state('rejected', $1) as reason`, [code]);
      assert.doesNotMatch(reason, /^Something unexpected/, code);
    }
    const unexplained = ['unexpected_error', 'payload_invalid', ...ofOtherJobs, ...ofInvoices];
    for (const code of Object.keys(failureResults)) {
      const { reason } = await one(db, 'select private.explain_failure($1) as reason', [code]);
      assert.equal(/^Something unexpected/.test(reason), unexplained.includes(code), `${code}: ${reason}`);
    }
    assert.equal((await one(db, 'select private.explain_failure(null) as reason')).reason, null);
  });
});
