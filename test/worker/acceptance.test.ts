import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'vitest';
import { until } from '../support/until.ts';
import { json, listen } from './support/listen.ts';
import { createStage } from './support/stage.ts';

/** A member system that takes changes in and carries them out later. */
async function slowSystem() {
  const seen: string[] = [];
  let status: { code: number; body: object } = { code: 202, body: {} };
  const handler: RequestListener = (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['idempotency-key'] ?? '-'}`);
    if (request.method === 'GET') return json(response, status.code, status.body);
    request.resume();
    return json(response, 202, {}, { location: '/status/1', 'retry-after': '5' });
  };
  const server = await listen(handler);
  return {
    ...server,
    seen,
    answers(code: number, body: object = {}) {
      status = { code, body };
    },
  };
}

async function stageWith(system: { url: string }) {
  const stage = await createStage();
  await stage.changeRow({ url_template: `${system.url}/members/{external_id}` });
  const { pushId, externalId } = await stage.addPush();
  stage.work();
  const taken = async () => {
    await stage.reaches(pushId, 'pending');
    const text = 'select from sync.pushes where accepted_until is not null and id = $1';
    return (await stage.db.pool.query(text, [pushId])).rowCount === 1;
  };
  const waits = () => until('the change taken in', taken);
  return { stage, pushId, externalId, waits };
}

test('a change that was taken in is asked about until it is carried out, and never sent twice', async () => {
  await using system = await slowSystem();
  const { stage, pushId, externalId, waits } = await stageWith(system);
  await using _ = stage;
  await waits();
  await stage.dueNow();
  await stage.reaches(pushId, 'pending');
  system.answers(200, { status: 'succeeded' });
  await stage.dueNow();
  await stage.reaches(pushId, 'delivered');
  const [first, ...asked] = system.seen;
  assert.equal(first, `PUT /members/${externalId} ${pushId}`);
  assert.ok(asked.length >= 1);
  for (const line of asked) assert.equal(line, 'GET /status/1 -');
});

test('a change that was taken in and then failed is a case', async () => {
  await using system = await slowSystem();
  system.answers(200, { status: 'failed' });
  const { stage, pushId, waits } = await stageWith(system);
  await using _ = stage;
  await waits();
  await stage.dueNow();
  await stage.reaches(pushId, 'rejected', 'acceptance_failed');
  assert.equal(await stage.cases(pushId), 1);
});

test('a change that nobody confirms in time is a case, and is sent again a day later under the same key', async () => {
  await using system = await slowSystem();
  const { stage, pushId, externalId, waits } = await stageWith(system);
  await using _ = stage;
  await waits();
  await stage.db.pool.query(`update sync.pushes set accepted_until = now() - interval '1 second'`);
  await stage.dueNow();
  await stage.reaches(pushId, 'given_up', 'acceptance_expired');
  assert.equal(await stage.cases(pushId), 1);
  await stage.dueNow();
  await waits();
  assert.equal(system.seen.filter((line) => line === `PUT /members/${externalId} ${pushId}`).length, 2);
});

test('a status URL that is gone means sending again, under the same key', async () => {
  await using system = await slowSystem();
  system.answers(404);
  const { stage, pushId, externalId, waits } = await stageWith(system);
  await using _ = stage;
  await waits();
  await stage.dueNow();
  await stage.reaches(pushId, 'pending', 'status_lost');
  await stage.dueNow();
  const sent = () => system.seen.filter((line) => line.startsWith('PUT'));
  await until('the second request', async () => sent().length === 2);
  assert.deepEqual(sent(), Array(2).fill(`PUT /members/${externalId} ${pushId}`));
});
