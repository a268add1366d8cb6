import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { finishPush, pushWorker, unavailable } from '../support/push-worker.ts';
import { revoke } from '../support/revoke.ts';
import { sampleNumbers } from '../support/samples.ts';

const [NUMBER] = sampleNumbers;

/** Kari has logged in with a number, and her push waits. */
const withPending = (action: (desk: Desk & ReturnType<typeof pushWorker> & { id: string }) => Promise<void>) =>
  atTheDesk(async (desk) => {
    await addKari(desk.db, desk.callback);
    await desk.callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(desk.db, 'select id from sync.pushes');
    await action({ ...desk, ...pushWorker(desk.db), id });
  });

const stateOf = async ({ db }: Pick<Desk, 'db'>) =>
  (
    await db.pool.query(
      'select state, consent_withdrawn_at is not null as withdrawn from sync.pushes order by created_at',
    )
  ).rows;
const cancelled = { state: 'cancelled', withdrawn: true };
const kinds = async ({ openCases }: Pick<Desk, 'openCases'>) => (await openCases()).map(({ kind }) => kind);

test('withdrawn: one that was given up is not tried any more, and the case about its failure is obsolete', () =>
  withPending(async ({ attempt, claim, id, ...desk }) => {
    assert.equal(await attempt(id, { ...unavailable, final: true }), 'given_up');
    await revoke(desk.callback);
    assert.deepEqual(await stateOf(desk), [cancelled]);
    assert.equal(await claim(id), undefined);
    assert.deepEqual(await kinds(desk), ['consent_revoked']);
    assert.equal((await desk.coordinator.call('retry_sync', id)).code, 'not_failed');
    const { rows } = await desk.db.pool.query('select event from audit.events order by id desc limit 4');
    assert.deepEqual(
      rows.map(({ event }) => event),
      ['refused', 'consent_withdrawn', 'case_superseded', 'push_cancelled'],
    );
  }));

for (const [result, report] of Object.entries({
  'fails for a while': unavailable,
  'fails for the last time': { ...unavailable, final: true },
  'is refused': { result: 'rejected', code: 'http_4xx', status: 422 },
  'is put on the worklist': { result: 'accepted' },
})) {
  test(`withdrawn while it is being sent: what ${result} is cancelled, not left to be sent later`, () =>
    withPending(async ({ claim, finish, id, ...desk }) => {
      const { fencing_token } = await claim(id);
      await revoke(desk.callback);
      assert.deepEqual(await stateOf(desk), [{ state: 'sending', withdrawn: true }]);
      assert.equal(await finish(id, fencing_token, report), 'cancelled');
      assert.equal(await claim(id), undefined);
      assert.deepEqual(await kinds(desk), ['consent_revoked']);
    }));
}

test('withdrawn while it is being sent: what arrived has arrived', () =>
  withPending(async ({ claim, finish, id, ...desk }) => {
    const { fencing_token } = await claim(id);
    await revoke(desk.callback);
    assert.equal(await finish(id, fencing_token, { result: 'delivered', status: 200 }), 'delivered');
  }));

test('withdrawn while it is being sent by a worker that dies: nobody takes it up', () =>
  withPending(async ({ claim, id, ...desk }) => {
    await claim(id);
    await revoke(desk.callback);
    await desk.db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
    assert.equal(await claim(id, 'another'), undefined);
    assert.deepEqual(await stateOf(desk), [cancelled]);
  }));

test('withdrawn while it is being sent, and consented anew by a login: a failure is tried again', () =>
  withPending(async ({ claim, finish, id, ...desk }) => {
    const { fencing_token } = await claim(id);
    await revoke(desk.callback);
    await desk.callback.login({ personnummer: NUMBER, authenticated_at: new Date(Date.now() + 60_000) });
    assert.equal(await finish(id, fencing_token, unavailable), 'pending');
    assert.deepEqual(await stateOf(desk), [{ state: 'pending', withdrawn: false }]);
  }));

test('withdrawn at the moment at which an attempt fails: cancelled, whoever comes first', () =>
  withPending(async ({ claim, id, ...desk }) => {
    const { fencing_token } = await claim(id);
    const client = await desk.db.pool.connect();
    try {
      await client.query('begin');
      await finishPush(client, {
        push_id: id,
        fencing_token,
        result: 'retry',
        http_status: 503,
        error_code: 'http_5xx',
      });
      const revoked = revoke(desk.callback);
      await blocked(desk.db, 1);
      await client.query('commit');
      await revoked;
    } finally {
      client.release();
    }
    assert.deepEqual(await stateOf(desk), [cancelled]);
  }));

test('withdrawn: that the member system does not have the number is no difference to it', () =>
  withPending(async ({ callback, db }) => {
    await revoke(callback);
    const { rows } = await db.pool.query('select * from worker.drift_page($1, null, 10)', [callback.organization.slug]);
    assert.deepEqual(rows, []);
  }));

test('a withdrawal after one that a coordinator has taken note of is a case of its own', () =>
  withPending(async ({ id: _, ...desk }) => {
    await revoke(desk.callback);
    const [first] = await desk.openCases();
    await revoke(desk.callback, new Date(Date.now() + 2_000));
    const again = await one(desk.db, `select seen from registry.conflicts where kind = 'consent_revoked'`);
    assert.equal(again.seen, 2, 'said again while it is open: counted');
    await desk.settle('keep_existing');
    await desk.callback.login({ personnummer: NUMBER });
    await revoke(desk.callback, new Date(Date.now() + 60_000));
    const open = await desk.openCases();
    assert.deepEqual(
      open.map(({ kind }) => kind),
      ['consent_revoked'],
    );
    assert.notEqual(open[0]?.id, first?.id);
  }));
