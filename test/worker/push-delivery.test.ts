import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../support/until.ts';
import { refusingUrl } from './support/listen.ts';
import { createStage, sampleNumbers } from './support/stage.ts';

test('a push is delivered once, under its id as Idempotency-Key, and leaves no job', async () => {
  await using stage = await createStage();
  const { pushId, externalId } = await stage.addPush({ number: sampleNumbers[0], externalId: 'NHF/1 å' });
  stage.work();
  assert.deepEqual(await stage.reaches(pushId, 'delivered'), {
    state: 'delivered',
    attempts: 1,
    error_code: null,
    http_status: 200,
  });
  const { members } = stage.memberSystem;
  assert.deepEqual(members.find(externalId), { external_id: externalId, personnummer: sampleNumbers[0], effects: 1 });
  assert.equal(members.effectsOf(pushId), 1);
  assert.equal(stage.memberSystem.requests(), 1);
  await until('no job left', async () => (await stage.jobs()).length === 0);
});

test('a member system in trouble gets the push when it has recovered, under the same key', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('error_500');
  const { pushId } = await stage.addPush();
  stage.work();
  assert.equal((await stage.reaches(pushId, 'pending', 'http_5xx')).http_status, 500);
  assert.equal((await stage.retryNow()).error_code, 'http_5xx');
  await until('the second attempt', async () => (await stage.push(pushId)).attempts === 2);
  await stage.reaches(pushId, 'pending', 'http_5xx');
  stage.memberSystem.setMode('ok');
  await stage.retryNow();
  assert.equal((await stage.reaches(pushId, 'delivered')).error_code, null);
  assert.equal(stage.memberSystem.members.effectsOf(pushId), 1);
});

test('a restored backup sends an older change once more, under a key that is not known there: the newer value stays', async () => {
  await using stage = await createStage();
  const { pushId, externalId } = await stage.addPush({ number: sampleNumbers[0] });
  const { members } = stage.memberSystem;
  assert.equal(
    members.apply('of-a-later-change', externalId, sampleNumbers[1], new Date(Date.now() + 1_000).toISOString()),
    'applied',
  );
  stage.work();
  assert.equal((await stage.reaches(pushId, 'delivered')).http_status, 409);
  assert.equal(members.find(externalId)?.personnummer, sampleNumbers[1]);
  assert.equal(members.effectsOf(pushId), 0);
});

test('a refused connection is tried again, and a changed row takes effect without a restart', async () => {
  await using stage = await createStage();
  const { pushId, externalId } = await stage.addPush();
  const { url_template: url } = (await stage.db.pool.query('select url_template from sync.member_systems')).rows[0];
  await stage.changeRow({ url_template: `${await refusingUrl()}/{external_id}` });
  stage.work();
  assert.equal((await stage.reaches(pushId, 'pending', 'connection_failed')).http_status, null);
  await stage.changeRow({ url_template: url });
  assert.equal((await stage.retryNow()).error_code, 'connection_failed');
  await stage.reaches(pushId, 'delivered');
  assert.equal(stage.memberSystem.members.find(externalId)?.effects, 1);
});

test('no answer in the time of the row is tried again', async () => {
  await using stage = await createStage();
  await stage.changeRow({ timeout_ms: 150 });
  stage.memberSystem.setMode('hang');
  const { pushId } = await stage.addPush();
  stage.work();
  await stage.reaches(pushId, 'pending', 'timeout');
  stage.memberSystem.setMode('ok');
  assert.equal((await stage.retryNow()).error_code, 'timeout');
  await stage.reaches(pushId, 'delivered');
});

test('a change whose answer got lost is sent again and has one effect', async () => {
  await using stage = await createStage();
  await stage.changeRow({ timeout_ms: 150 });
  stage.memberSystem.setMode('apply_then_hang');
  const { pushId, externalId } = await stage.addPush();
  stage.work();
  await stage.reaches(pushId, 'pending', 'timeout');
  stage.memberSystem.setMode('ok');
  await stage.retryNow();
  assert.equal((await stage.reaches(pushId, 'delivered')).attempts, 2);
  assert.equal(stage.memberSystem.requests(), 2);
  assert.equal(stage.memberSystem.members.find(externalId)?.effects, 1);
});

test('a refused change becomes a case at once and is not tried again', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('reject_422');
  const { pushId } = await stage.addPush();
  stage.work();
  assert.deepEqual(await stage.reaches(pushId, 'rejected'), {
    state: 'rejected',
    attempts: 1,
    error_code: 'http_4xx',
    http_status: 422,
  });
  assert.equal(await stage.cases(pushId), 1);
  await until('no job left', async () => (await stage.jobs()).length === 0);
  assert.equal(stage.memberSystem.requests(), 1);
});

test('a removed number is removed over there', async () => {
  await using stage = await createStage();
  const { memberId, externalId } = await stage.addPush();
  stage.work();
  await until('the number', async () => stage.memberSystem.members.find(externalId)?.personnummer === sampleNumbers[0]);
  await stage.db.pool.query(
    `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
       personnummer_source = null, personnummer_at = null where id = $1`,
    [memberId],
  );
  const { id } = (await stage.db.pool.query('select private.queue_push($1) as id', [memberId])).rows[0];
  await stage.reaches(id, 'delivered');
  assert.equal(stage.memberSystem.members.find(externalId)?.personnummer, null);
});

test('the last attempt gives the push up and makes it a case', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('too_many');
  const { pushId } = await stage.addPush();
  await stage.db.pool.query(`update sync.pushes set attempts = 24, created_at = now() - interval '4 days'`);
  stage.work();
  assert.deepEqual(await stage.reaches(pushId, 'given_up'), {
    state: 'given_up',
    attempts: 25,
    error_code: 'http_429',
    http_status: 429,
  });
  assert.equal(await stage.cases(pushId), 1);
});

test('a number moved to another member is found out and not sent', async () => {
  await using stage = await createStage();
  const one = await stage.addPush({ number: sampleNumbers[1] });
  const other = await stage.addPush({ number: sampleNumbers[2] });
  await stage.db.pool.query(
    `update registry.members set personnummer_sealed = (select personnummer_sealed from registry.members where id = $1)
     where id = $2`,
    [one.memberId, other.memberId],
  );
  stage.work();
  await stage.reaches(one.pushId, 'delivered');
  await stage.reaches(other.pushId, 'rejected', 'sealed_value_mismatch');
  assert.equal(stage.memberSystem.members.find(other.externalId), undefined);
  assert.equal(stage.memberSystem.requests(), 1);
});

test('a sealed value that was tampered with is not sent', async () => {
  await using stage = await createStage();
  const { pushId } = await stage.addPush();
  await stage.db.pool.query(
    `update registry.members set personnummer_sealed = left(personnummer_sealed, -4) || 'AAAA'`,
  );
  stage.work();
  await stage.reaches(pushId, 'rejected', 'sealed_value_broken');
  assert.equal(stage.memberSystem.requests(), 0);
});

test('a push that the record has overtaken during a failed attempt is dropped quietly', async () => {
  await using stage = await createStage();
  await stage.changeRow({ timeout_ms: 500 });
  stage.memberSystem.setMode('hang');
  const { pushId, memberId } = await stage.addPush();
  stage.work();
  await until('the request', async () => stage.memberSystem.requests() === 1);
  await stage.db.pool.query(
    `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
       personnummer_source = null, personnummer_at = null where id = $1`,
    [memberId],
  );
  await stage.reaches(pushId, 'superseded');
  await until('no job left', async () => (await stage.jobs()).length === 0);
  assert.doesNotMatch(stage.lines.join(''), /Failed task/);
  assert.equal(await stage.cases(pushId), 0);
});
