import assert from 'node:assert/strict';
import { test } from 'vitest';
import { findFreePort } from '../../local/free-port.ts';
import { verifyTestAudit } from '../support/sealing.ts';
import { until } from '../support/until.ts';
import { createStage } from './support/stage.ts';
import { spawnWorker } from './support/worker-process.ts';

test('a killed worker leaves a push that another one takes over, with one effect', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('apply_then_hang');
  const { pushId, externalId } = await stage.addPush();
  await using worker = spawnWorker(stage.environment);
  await until('the change', async () => stage.memberSystem.members.effectsOf(pushId) === 1);
  worker.child.kill('SIGKILL');
  assert.equal(await worker.ended, 'SIGKILL');
  assert.equal((await stage.push(pushId)).state, 'sending');
  assert.notEqual((await stage.jobs())[0]?.locked_at, null);

  // Its lease runs out; that is a matter of time only, which the test does not wait for.
  await stage.db.pool.query(`update sync.pushes set lease_expires_at = now() - interval '1 second'`);
  stage.memberSystem.setMode('ok');
  stage.work({}, { beatEveryMs: 100 });
  assert.equal((await stage.reaches(pushId, 'delivered')).attempts, 2);
  assert.equal(stage.memberSystem.requests(), 2);
  assert.equal(stage.memberSystem.members.find(externalId)?.effects, 1);
});

test('SIGTERM gives a push under way back and ends with 0 within ten seconds', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('hang');
  await stage.changeRow({ timeout_ms: 30_000 });
  const { pushId } = await stage.addPush();
  await using worker = spawnWorker(stage.environment);
  await until('the request', async () => stage.memberSystem.requests() === 1);
  const asked = performance.now();
  worker.child.kill('SIGTERM');
  assert.equal(await worker.ended, 0);
  assert.ok(performance.now() - asked < 10_000);
  await stage.reaches(pushId, 'pending', 'worker_stopping');
  assert.deepEqual(
    (await stage.jobs()).map(({ locked_at, attempts }) => [locked_at, attempts]),
    [[null, 0]],
  );
  for (const line of worker.output().trim().split('\n')) assert.equal(JSON.parse(line).name, 'worker');
});

test('an idle worker ends on SIGTERM at once, and is ready until then', async () => {
  await using stage = await createStage();
  const port = String(await findFreePort());
  await using worker = spawnWorker({ ...stage.environment, WORKER_PORT: port });
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  await until('readiness', async () => (await ask('/readyz').catch(() => 0)) === 200);
  assert.equal(await ask('/livez'), 200);
  assert.equal(await ask('/metrics'), 200);
  assert.equal(await ask('/else'), 404);
  const asked = performance.now();
  worker.child.kill('SIGTERM');
  assert.equal(await worker.ended, 0);
  assert.ok(performance.now() - asked < 3_000);
});

test('a worker whose configuration has faults ends with 1 and names them', async () => {
  await using worker = spawnWorker({ DATABASE_URL: 'mysql://hunter2@db' });
  assert.equal(await worker.ended, 1);
  const line = JSON.parse(worker.output());
  assert.match(line.msg, /DATABASE_URL[\s\S]*PERSONNUMMER_UNSEALING_KEYS/);
  assert.equal(line.code, 'configuration_invalid');
  assert.doesNotMatch(worker.output(), /hunter2/);
});

test('workers that are killed while they seal leave a seal that verifies, and that the next one goes on with', async () => {
  await using stage = await createStage();
  const { db } = stage;
  const add = () =>
    db.pool.query(`insert into audit.events (event, source, actor, message)
      select 'linked', 'app', 'x', 'x' from generate_series(1, 4000)`);
  const leaves = async () => Number((await db.pool.query('select count(*) as n from audit.leaves')).rows[0].n);
  for (let killed = 0; killed < 2; killed += 1) {
    await add();
    const before = await leaves();
    await using worker = spawnWorker(stage.environment);
    // It rests between its batches of a thousand: with more than one done and more to come it is in the middle of it.
    await until('a batch', async () => (await leaves()) > before);
    worker.child.kill('SIGKILL');
    await worker.ended;
  }
  await using last = spawnWorker(stage.environment);
  const events = Number((await db.pool.query('select count(*) as n from audit.events')).rows[0].n);
  const signed = async () => (await db.pool.query('select max(tree_size)::int as n from audit.checkpoints')).rows[0].n;
  await until('all is signed', async () => (await signed()) === events);
  assert.equal(await leaves(), events);
  assert.deepEqual((await verifyTestAudit(db.urlFor('auditor_login'))).findings, []);
  last.child.kill('SIGTERM');
  assert.equal(await last.ended, 0);
});
