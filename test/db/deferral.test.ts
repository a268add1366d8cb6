import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { test } from 'vitest';
import { type ActingCallback, actAsCallback, addKari, counts, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleNumbers } from '../support/samples.ts';

const [NUMBER] = sampleNumbers;

async function asWorker<T extends pg.QueryResultRow>(db: TestDatabase, sql: string, parameters: unknown[] = []) {
  const client = new pg.Client({ connectionString: db.urlFor('sync_worker') });
  await client.connect();
  try {
    return (await client.query<T>(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

/** Ways to break matching from inside, each with the SQLSTATE it shows and how it is put right. */
const FAULTS: Record<string, { broken: string; mended: string; sqlstate: string; job: boolean }> = {
  'a missing grant on the members': {
    broken: 'revoke update on registry.members from registry_owner',
    mended: 'grant update on registry.members to registry_owner',
    sqlstate: '42501',
    job: true,
  },
  'a failing add_job': {
    broken: 'alter function graphile_worker.add_job rename to add_job_gone',
    mended: 'alter function graphile_worker.add_job_gone rename to add_job',
    sqlstate: '42883',
    job: false,
  },
  'an audit that refuses the event': {
    broken: `alter table audit.events add constraint broken check (event not in ('filled', 'linked'))`,
    mended: 'alter table audit.events drop constraint broken',
    sqlstate: '23514',
    job: true,
  },
  'an audit that refuses everything': {
    broken: 'revoke insert on audit.events from registry_owner',
    mended: 'grant insert on audit.events to registry_owner',
    sqlstate: '42501',
    job: true,
  },
  'an unexpected error in the match rules': {
    broken: `create or replace function private.find_candidates(p_observation registry.observations) returns setof private.candidate
             language plpgsql stable set search_path = pg_catalog, pg_temp as $$ begin perform 1 / 0; end $$`,
    mended: '',
    sqlstate: '22012',
    job: true,
  },
};

for (const [fault, { broken, mended, sqlstate, job }] of Object.entries(FAULTS)) {
  test(`${fault}: the observation is kept as deferred with its SQLSTATE, nothing half-done, and processed again`, async () => {
    await using db = await createTestDatabase();
    const callback = await actAsCallback(db);
    await addKari(db, callback);
    const original = await one(db, `select pg_get_functiondef('private.find_candidates'::regproc) as sql`);
    await db.pool.query(broken);
    const answer = await callback.login({ personnummer: NUMBER });
    assert.deepEqual([answer.outcome, answer.member_id], ['deferred', null]);
    const kept = await one(db, 'select * from registry.observations');
    assert.equal(kept.deferred_sqlstate, sqlstate);
    assert.equal(kept.personnummer_masked, '018150*****');
    const { jobs, pushes, links } = await counts(db);
    assert.deepEqual([jobs, pushes, links], [job ? 1 : 0, 0, 0]);

    await db.pool.query(mended || original.sql);
    await db.pool.query(`update registry.observations set received_at = now() - interval '1 minute'`);
    await asWorker(db, 'select * from worker.reconcile()');
    assert.equal((await counts(db)).jobs, 1, 'reconcile queues a job where there is none, and no second one');
    const outcome = await asWorker(db, 'select outcome from worker.process_observation($1)', [answer.observation_id]);
    assert.deepEqual(outcome, [{ outcome: 'filled' }]);
    assert.equal((await one(db, 'select outcome from registry.observations')).outcome, 'filled');
    assert.equal((await counts(db)).pushes, 1);
  });
}

test('a deferred login of a linked person still names the member, so that the login proceeds', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login();
  await db.pool.query('revoke update on registry.members from registry_owner');
  const answer = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([answer.outcome, answer.member_id], ['deferred', kari.id]);
});

async function whileLocked(db: TestDatabase, callback: ActingCallback, statement: string) {
  const holder = new pg.Client({ connectionString: db.ownerUrl });
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query(statement);
    const started = performance.now();
    const answer = await callback.login({ personnummer: NUMBER, observation_id: randomUUID() });
    return { answer, ms: performance.now() - started };
  } finally {
    await holder.query('rollback');
    await holder.end();
  }
}

test('somebody holds the member record: the login waits a bounded time, and the observation is kept', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login();
  const { answer, ms } = await whileLocked(db, callback, 'select from registry.members for update');
  assert.deepEqual([answer.outcome, answer.member_id], ['deferred', kari.id]);
  assert.equal(
    (await one(db, `select deferred_sqlstate from registry.observations where outcome = 'deferred'`)).deferred_sqlstate,
    '55P03',
  );
  assert.ok(ms < 3_000, `${ms} ms`);
});

test('a confirmation waits for nobody', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: NUMBER });
  await callback.login();
  const { answer } = await whileLocked(db, callback, 'update registry.members set given_name = given_name');
  assert.equal(answer.outcome, 'confirmed');
});

test('an observation that was decided is not decided again', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const { observation_id } = await callback.login({ personnummer: NUMBER });
  const before = await counts(db);
  assert.deepEqual(await asWorker(db, 'select outcome from worker.process_observation($1)', [observation_id]), [
    { outcome: 'filled' },
  ]);
  assert.deepEqual(await counts(db), before);
  await assert.rejects(asWorker(db, 'select worker.process_observation(gen_random_uuid())'), { code: 'PN004' });
});
