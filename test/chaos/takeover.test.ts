import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../support/until.ts';
import { createStage } from '../worker/support/stage.ts';
import { spawnWorker } from '../worker/support/worker-process.ts';

// In real time and with real settings: the bar of design section 11.
test('a push whose worker is killed is taken up by another within 30 seconds, with one effect', async () => {
  await using stage = await createStage();
  await stage.changeRow({ timeout_ms: 30_000 });
  stage.memberSystem.setMode('apply_then_hang');
  const { pushId } = await stage.addPush();
  await using holder = spawnWorker(stage.environment);
  await until('the change', async () => stage.memberSystem.members.effectsOf(pushId) === 1);
  await using other = spawnWorker(stage.environment);
  await until('the other worker', async () => {
    return (await stage.db.pool.query('select from sync.workers')).rowCount === 2;
  });
  stage.memberSystem.setMode('ok');
  const killed = performance.now();
  holder.child.kill('SIGKILL');
  while ((await stage.push(pushId)).state !== 'delivered') {
    assert.ok(performance.now() - killed < 30_000, 'not taken up within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const seconds = ((performance.now() - killed) / 1000).toFixed(1);
  console.log(`delivered ${seconds} s after its worker was killed`);
  assert.equal(stage.memberSystem.members.effectsOf(pushId), 1);
  assert.equal(stage.memberSystem.requests(), 2);
  other.child.kill('SIGTERM');
  assert.equal(await other.ended, 0);
});
