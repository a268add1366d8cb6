import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { claimPush, finishPushes } from '../support/push-worker.ts';
import { addMember, decoyNumber, sampleNumbers } from '../support/samples.ts';
import { erase } from './support/erasing.ts';

// How a trace goes through the database: in the login's row, to the push that comes of it, and away again.

const [NUMBER, SECOND] = sampleNumbers;
const traceOf = (nth: number) => `00-${'a'.repeat(31)}${nth}-${'b'.repeat(15)}${nth}-01`;

async function rows(db: TestDatabase) {
  const { rows } = await db.pool.query('select outcome, traceparent from registry.observations order by received_at');
  return rows.map(({ outcome, traceparent }) => [outcome, traceparent]);
}

test('a login keeps the trace that it was handed over with, the short way and the long one; its push is claimed with it', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER, traceparent: traceOf(1) });
  await callback.login({ personnummer: NUMBER, traceparent: traceOf(2) });
  await callback.login({ personnummer: NUMBER });
  assert.deepEqual(await rows(db), [
    ['filled', traceOf(1)],
    ['confirmed', traceOf(2)],
    ['confirmed', null],
  ]);
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  const worker = db.poolFor('sync_worker');
  const first = await claimPush(worker, id);
  assert.equal(first.traceparent, traceOf(1));
  const failed = { push_id: id, fencing_token: first.fencing_token, result: 'retry', error_code: 'http_5xx' };
  await finishPushes(worker, [failed], true);
  await db.pool.query('update sync.pushes set next_attempt_at = now()');
  assert.equal((await claimPush(worker, id)).traceparent, traceOf(1), 'a later attempt belongs to the same trace');
});

test('a push that is claimed with the report on another has the trace of its own login', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const ola = { given_name: 'Ola', phone: '+4790000002', email: 'ola@example.org' };
  await addMember(db, callback.organization, { family_name: 'Nordmann', birth_date: '1950-01-01', ...ola });
  await callback.login({ personnummer: NUMBER, traceparent: traceOf(1) });
  await callback.login({ ...ola, subject: 'subject-of-ola', personnummer: SECOND, traceparent: traceOf(2) });
  const { rows: pushes } = await db.pool.query('select id from sync.pushes order by created_at');
  const worker = db.poolFor('sync_worker');
  const first = await claimPush(worker, pushes[0].id);
  const report = { push_id: pushes[0].id, fencing_token: first.fencing_token, result: 'delivered' };
  const [answer] = await finishPushes(worker, [{ ...report, next_worker_id: 'w/1' }], true);
  assert.deepEqual([answer?.next?.push_id, answer?.next?.traceparent], [pushes[1].id, traceOf(2)]);
});

test('a trace that is malformed is left out, and the login goes on', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const malformed = ['', 'x', traceOf(1).toUpperCase(), `${traceOf(1)} `, `01${traceOf(1).slice(2)}`, decoyNumber];
  for (const traceparent of malformed) await callback.login({ personnummer: NUMBER, traceparent });
  for (const [outcome, traceparent] of await rows(db)) {
    assert.ok(outcome === 'filled' || outcome === 'confirmed');
    assert.equal(traceparent, null);
  }
  await assert.rejects(db.pool.query(`update registry.observations set traceparent = 'x'`), { code: '23514' });
});

test('a login that came again under the same id keeps the trace of the first call', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const same = { observation_id: randomUUID(), personnummer: NUMBER };
  await callback.login({ ...same, traceparent: traceOf(1) });
  await callback.login({ ...same, traceparent: traceOf(2) });
  assert.deepEqual(await rows(db), [['filled', traceOf(1)]]);
});

test('what joins a login to its trace goes with the contact data, and with the person', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login({ personnummer: NUMBER, traceparent: traceOf(1) });
  await db.pool.query(`update registry.observations set received_at = received_at - interval '91 days'`);
  await callback.login({ personnummer: NUMBER, traceparent: traceOf(2) });
  await db.pool.query('select worker.erase_expired(100)');
  assert.deepEqual(await rows(db), [
    ['filled', null],
    ['confirmed', traceOf(2)],
  ]);
  await assert.rejects(db.pool.query('update registry.observations set traceparent = $1', [traceOf(3)]), {
    constraint: 'observations_trace_goes_with_contact',
  });
  await erase(db, kari);
  assert.deepEqual(await rows(db), [
    ['filled', null],
    ['confirmed', null],
  ]);
});
