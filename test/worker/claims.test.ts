import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createWorkerDatabase } from '../../worker/database.ts';
import { until } from '../support/until.ts';
import { createStage, sampleNumbers } from './support/stage.ts';

const delivered = {
  result: 'delivered',
  http_status: 200,
  error_code: null,
  duration_ms: 5,
  final: false,
  retry_after: null,
  status_url: null,
  receiver_sealed: null,
  next_worker_id: null,
} as const;

test('many jobs for one push, in two workers at once, send it once', async () => {
  await using stage = await createStage();
  const { pushId, externalId } = await stage.addPush();
  await stage.db.pool.query(
    `select graphile_worker.add_job('push_personnummer', json_build_object('push_id', $1::text)) from generate_series(1, 20)`,
    [pushId],
  );
  stage.work();
  stage.work();
  await stage.reaches(pushId, 'delivered');
  await until('all jobs done', async () => (await stage.jobs()).length === 0);
  assert.equal(stage.memberSystem.requests(), 1);
  assert.equal(stage.memberSystem.members.find(externalId)?.effects, 1);
});

test('two workers share the pushes, and each is sent once', async () => {
  await using stage = await createStage();
  const pushes = await Promise.all(sampleNumbers.map((number) => stage.addPush({ number })));
  stage.work();
  stage.work();
  for (const { pushId } of pushes) await stage.reaches(pushId, 'delivered');
  for (const { pushId } of pushes) assert.equal(stage.memberSystem.members.effectsOf(pushId), 1);
  assert.equal(stage.memberSystem.requests(), pushes.length);
});

test('a worker that wakes up after its lease changes nothing', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('hang');
  await stage.changeRow({ timeout_ms: 1500 });
  const { pushId } = await stage.addPush();
  stage.work();
  await until('the request', async () => stage.memberSystem.requests() === 1);
  // Meanwhile its lease runs out, and another worker takes the push over and delivers it.
  await stage.db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
  stage.memberSystem.setMode('ok');
  await stage.db.pool.query(
    `select graphile_worker.add_job('push_personnummer', json_build_object('push_id', $1::text))`,
    [pushId],
  );
  stage.work();
  await stage.reaches(pushId, 'delivered');
  await until('the first job done', async () => (await stage.jobs()).length === 0);
  assert.doesNotMatch(stage.lines.join(''), /Failed task/);
  assert.deepEqual(await stage.push(pushId), { state: 'delivered', attempts: 2, error_code: null, http_status: 200 });
  assert.equal(stage.memberSystem.members.effectsOf(pushId), 1);
});

test('the reports of two runs of one push that come at once are answered each for itself, and keep nobody from going together', async () => {
  await using stage = await createStage();
  const { pushId } = await stage.addPush();
  const failed: string[] = [];
  const database = createWorkerDatabase(stage.db.pool, { onGatherFailure: (name) => failed.push(name) });
  const reports = [];
  for (const workerId of ['overtaken', 'present']) {
    const claim = await database.claimPush(pushId, workerId);
    assert.ok(claim !== null && 'fencing_token' in claim && claim.fencing_token !== null);
    reports.push({ ...delivered, push_id: pushId, worker_id: workerId, fencing_token: claim.fencing_token });
    await stage.db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
  }
  const answers = await Promise.all(reports.map((report) => database.finishPush(report)));
  assert.deepEqual(
    answers.map(({ state }) => state),
    [null, 'delivered'],
  );
  assert.deepEqual(failed, []);
});

test('a push whose job got lost is found and delivered', async () => {
  await using stage = await createStage();
  const { pushId } = await stage.addPush();
  await stage.db.pool.query('delete from graphile_worker._private_jobs');
  await stage.db.pool.query(`update sync.pushes set next_attempt_at = now() - interval '1 hour'`);
  await stage.db.pool.query(`select graphile_worker.add_job('reconcile')`);
  stage.work();
  await stage.reaches(pushId, 'delivered');
});
