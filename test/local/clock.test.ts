import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { makeClockMovable, mostSeconds, moveClock, readClock } from '../../local/clock/movable-clock.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createClockDatabase } from '../support/clock-database.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import type { Case } from '../support/desk.ts';
import { pushWorker, unavailable } from '../support/push-worker.ts';
import { sampleNumbers } from '../support/samples.ts';
import { createTestSealer, horizonPasses, verifyTestAudit } from '../support/sealing.ts';
import { openSession } from '../support/sessions.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
const DAY = 86_400;

// One database for all: its clock only goes forward, and each test has an organisation of its own.
let db: TestDatabase;
beforeAll(async () => {
  db = await createClockDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

test('no database with anything in it gets a movable clock, and a clock that is not there is not moved', async () => {
  await using installed = await createTestDatabase();
  const client = new pg.Client({ connectionString: installed.ownerUrl });
  await client.connect();
  try {
    await assert.rejects(makeClockMovable(client), /only an empty database/);
    await assert.rejects(moveClock(client, 60), { code: 'no_movable_clock' });
    assert.equal(await readClock(client), undefined);
    const { rows } = await client.query(`select to_regnamespace('local_clock') as clock, l.lanname as language
      from pg_proc as p join pg_language as l on l.oid = p.prolang where p.oid = 'pg_catalog.now()'::regprocedure`);
    assert.deepEqual(rows, [{ clock: null, language: 'internal' }]);
  } finally {
    await client.end();
  }
});

test('time runs forward only, by whole seconds', async () => {
  for (const seconds of [0, -1, 1.5, Number.NaN, mostSeconds + 1])
    await assert.rejects(moveClock(db.pool, seconds), RangeError);
});

/** Every way in which our functions, and graphile-worker's, ask for the time: how far it is from the real one, in seconds. */
const AHEAD = {
  name: 'ahead',
  text: `select array[
      extract(epoch from now() - local_clock.real_now()), extract(epoch from transaction_timestamp() - local_clock.real_now()),
      extract(epoch from statement_timestamp() - local_clock.real_statement_timestamp()),
      round(extract(epoch from clock_timestamp() - local_clock.real_clock_timestamp()))]::integer[] as seconds`,
};

test('all sessions of all roles, with statements that they had prepared before, see the new time at once; the worker is given what it does by the clock', async () => {
  const sessions = [db.pool, db.poolFor('auth_callback'), db.poolFor('sync_worker'), db.poolFor('authenticator')];
  const seen = () => Promise.all(sessions.map(async (pool) => (await pool.query(AHEAD)).rows[0].seconds));
  const all = (seconds: number) => sessions.map(() => [seconds, seconds, seconds, seconds]);
  const before = (await readClock(db.pool))?.ahead ?? Number.NaN;
  assert.deepEqual(await seen(), all(before));
  await moveClock(db.pool, 3_600);
  assert.deepEqual(await seen(), all(before + 3_600));
  assert.equal((await readClock(db.pool))?.ahead, before + 3_600);
  const { rows } = await db.pool.query(
    'select task_identifier as task from graphile_worker.jobs where run_at <= now() order by 1',
  );
  const crontab = readFileSync(join(import.meta.dirname, '../../worker/crontab'), 'utf8');
  for (const { task } of rows) assert.match(crontab, new RegExp(`\\* ${task} `));
  assert.equal(rows.length, crontab.split('\n').filter((line) => /^[0-9*]/.test(line)).length);
});

test('a push that failed is taken up again once the clock has moved by its pause, and not before', async () => {
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const { observation_id } = await callback.login({ personnummer: NUMBER });
  const push = () =>
    one<{ id: string; state: string; pause: number }>(
      db,
      `select id, state, ceil(extract(epoch from next_attempt_at - now()))::integer as pause from sync.pushes where observation_id = $1`,
      [observation_id],
    );
  const worker = pushWorker(db);
  const { id } = await push();
  // The pauses grow, so that the real time that passes meanwhile is none of them.
  for (let attempt = 1; attempt < 5; attempt += 1) {
    await worker.attempt(id, unavailable);
    const { pause } = await push();
    if (attempt === 4) assert.equal(await worker.claim(id), undefined, 'not due');
    await moveClock(db.pool, pause);
  }
  const due = await one(
    db,
    `select run_at <= now() as due from graphile_worker.jobs where key = 'push_personnummer:' || $1`,
    [id],
  );
  assert.equal(due.due, true);
  await worker.attempt(id, { result: 'delivered', status: 204 });
  assert.equal((await push()).state, 'delivered');
});

test('a decision that could be undone cannot be after 31 days, and says why; the member is logged out', async () => {
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  await addKari(db, callback, { personnummer: OTHER_NUMBER });
  const { observation_id } = await callback.login({ personnummer: NUMBER });
  const session = await openSession(callback, observation_id);
  const settle = async () => {
    const [open] = await coordinator.query<Case>('select * from api.open_conflicts');
    return coordinator.call('resolve_conflict', open?.id, 'accept_observed', 'seen the passport', open?.version);
  };
  const { conflict_id } = await settle();
  assert.equal((await coordinator.call('undo_resolution', conflict_id, 'a mistake')).state, 'open');
  await settle();
  assert.equal(await session.refresh(), true);
  await moveClock(db.pool, 31 * DAY);
  assert.equal((await coordinator.call('undo_resolution', conflict_id, 'a mistake')).code, 'too_late');
  assert.equal(await session.refresh(), false);
});

test('what is kept for a time is gone when the clock has moved past it, and no seal is broken', async () => {
  const callback = await actAsCallback(db);
  await db.pool.query(`update registry.organizations set audit_retention = '31 days' where id = $1`, [
    callback.organization.id,
  ]);
  await addKari(db, callback);
  const { observation_id } = await callback.login({ personnummer: NUMBER });
  const sealer = await createTestSealer(db.poolFor('sync_worker'));
  const sealAll = async () => {
    await horizonPasses(db);
    while ((await sealer.round()) > 0);
  };
  await sealAll();
  const kept = () =>
    one(
      db,
      `select o.given_name, o.phone, o.personnummer_masked,
         (select count(*)::integer from audit.events as e where e.observation_id = o.id and e.redacted_at is not null) as redacted
       from registry.observations as o where o.id = $1`,
      [observation_id],
    );
  const erase = () => db.pool.query('select worker.erase_expired(1000)');
  await erase();
  assert.deepEqual(await kept(), {
    given_name: 'Kari',
    phone: '+4790000001',
    personnummer_masked: '018150*****',
    redacted: 0,
  });
  await moveClock(db.pool, 91 * DAY);
  await erase();
  const later = await kept();
  assert.deepEqual([later.given_name, later.phone, later.personnummer_masked], [null, null, '018150*****']);
  assert.ok(later.redacted > 0);
  await moveClock(db.pool, 366 * DAY);
  await erase();
  assert.equal((await kept()).personnummer_masked, null);
  await sealAll();
  const { findings } = await verifyTestAudit(db.urlFor('auditor_login'));
  assert.deepEqual(findings, []);
});
