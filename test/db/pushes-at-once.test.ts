import assert from 'node:assert/strict';
import type pg from 'pg';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { finishPush, pushWorker, unavailable } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

async function inTransaction(desk: Desk, action: (client: pg.PoolClient) => Promise<void>) {
  const client = await desk.db.pool.connect();
  try {
    await client.query('begin');
    await action(client);
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** Two members with a push each. */
async function addTwo({ db, callback }: Desk) {
  const added: { memberId: string; pushId: string }[] = [];
  for (const number of [NUMBER, OTHER_NUMBER]) {
    const { id: memberId } = await addMember(db, callback.organization, { personnummer: number });
    const { id: pushId } = await one<{ id: string }>(db, 'select private.queue_push($1) as id', [memberId]);
    added.push({ memberId, pushId });
  }
  return added as [(typeof added)[0], (typeof added)[0]];
}

const lockMember = (client: pg.PoolClient, id: string) =>
  client.query('select from registry.members where id = $1 for no key update', [id]);

const retry = (desk: Desk, ...ids: string[]) => desk.coordinator.call('retry_sync', null, ids);

test('a coordinator gives the record another number while a failed attempt is reported: the failed push is superseded', () =>
  atTheDesk(async (desk) => {
    await addKari(desk.db, desk.callback);
    await desk.callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(desk.db, 'select id from sync.pushes');
    const { fencing_token } = await pushWorker(desk.db).claim(id);
    await desk.callback.login({ personnummer: OTHER_NUMBER }); // later: it would wait for this case
    let settled: Promise<Record<string, unknown>> | undefined;
    await inTransaction(desk, async (client) => {
      await finishPush(client, {
        push_id: id,
        fencing_token,
        result: 'retry',
        http_status: 503,
        error_code: 'http_5xx',
      });
      settled = desk.settle('accept_observed');
      await blocked(desk.db, 1);
    });
    assert.equal((await settled)?.decision, 'accept_observed');
    const { rows } = await desk.db.pool.query('select state from sync.pushes order by created_at');
    assert.deepEqual(rows, [{ state: 'superseded' }, { state: 'pending' }]);
  }));

test('the same pushes tried again in opposite orders at once: one after the other, no deadlock', () =>
  atTheDesk(async (desk) => {
    const [first, second] = await addTwo(desk);
    const { attempt } = pushWorker(desk.db);
    const refused = { result: 'rejected', code: 'http_4xx', status: 422 };
    for (const { pushId } of [first, second]) await attempt(pushId, refused);
    let answers: Promise<Record<string, unknown>[]> | undefined;
    await inTransaction(desk, async (client) => {
      await lockMember(client, first.memberId);
      const one_ = retry(desk, first.pushId, second.pushId);
      await blocked(desk.db, 1);
      const two = retry(desk, second.pushId, first.pushId);
      await blocked(desk.db, 2);
      answers = Promise.all([one_, two]);
      answers.catch(() => undefined);
    });
    const queued = ((await answers) ?? []).map((answer) => answer.queued);
    assert.deepEqual(queued.sort(), [0, 2]);
  }));

test('several tried again while a worker reports on one of them: the breaker is touched last, no deadlock', () =>
  atTheDesk(async (desk) => {
    const [first, second] = await addTwo(desk);
    const { attempt, claim, finish } = pushWorker(desk.db);
    const { fencing_token } = await claim(second.pushId);
    await attempt(first.pushId, { result: 'retry', code: 'http_401', status: 401 });
    let both: Promise<[Record<string, unknown>, string | null]> | undefined;
    await inTransaction(desk, async (client) => {
      await lockMember(client, second.memberId);
      const retried = retry(desk, first.pushId, second.pushId);
      await blocked(desk.db, 1);
      const reported = finish(second.pushId, fencing_token, unavailable);
      await blocked(desk.db, 2);
      both = Promise.all([retried, reported]);
      both.catch(() => undefined);
    });
    const [answer, state] = (await both) ?? [];
    assert.deepEqual([answer, state], [{ queued: 1, not_queued: 1 }, 'pending']);
    const breaker = await one(desk.db, 'select state, probe_at <= now() as at_once from sync.breakers');
    assert.deepEqual(breaker, { state: 'open', at_once: true });
  }));
