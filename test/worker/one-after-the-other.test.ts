import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../support/until.ts';
import { createStage, sampleNumbers } from './support/stage.ts';

test('a worker with one place carries what is due one after the other, each once, and no job is left', async () => {
  await using stage = await createStage();
  const pushes = [];
  for (const number of sampleNumbers) pushes.push(await stage.addPush({ number }));
  stage.work({ concurrency: 1 });
  for (const { pushId } of pushes) await stage.reaches(pushId, 'delivered');
  await until('the queue is empty', async () => {
    const { rows } = await stage.db.pool.query(
      `select from graphile_worker.jobs where task_identifier = 'push_personnummer'`,
    );
    return rows.length === 0;
  });
  const { rows } = await stage.db.pool.query<{ worker_id: string; attempt: number }>(
    'select worker_id, attempt from sync.push_attempts order by id',
  );
  assert.equal(rows.length, sampleNumbers.length);
  assert.ok(rows.every(({ attempt }) => attempt === 1));
  // The first was claimed with its job, the others with the report on the one before: names of their own, so that no two are alike.
  assert.equal(new Set(rows.map(({ worker_id }) => worker_id)).size, sampleNumbers.length);
  assert.ok(rows.some(({ worker_id }) => /\/1\/1$/.test(worker_id)));
});
