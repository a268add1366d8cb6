import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { test } from 'vitest';
import { becomeCoordinator } from '../support/coordinator.ts';
import { until } from '../support/until.ts';
import { createStage, type Stage, sampleNumbers } from './support/stage.ts';

const pair = generateKeyPairSync('x25519');
const receiverKey = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'office' };
const read = async (jwe: unknown) =>
  new TextDecoder().decode((await compactDecrypt(String(jwe), pair.privateKey)).plaintext);

async function become(stage: Stage, kind: 'file' | 'worklist') {
  await stage.db.pool.query(
    `update sync.member_systems set kind = $1, url_template = null, auth = 'none', secret_env = null, receiver_key = $2`,
    [kind, receiverKey],
  );
  const organization = { id: stage.organizationId };
  return { coordinator: await becomeCoordinator(stage.db, organization), stranger: await becomeCoordinator(stage.db) };
}

async function removeNumber(stage: Stage, memberId: string): Promise<string> {
  await stage.db.pool.query(
    `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
       personnummer_source = null, personnummer_at = null where id = $1`,
    [memberId],
  );
  return (await stage.db.pool.query('select private.queue_push($1) as id', [memberId])).rows[0].id;
}

const eventsOf = async (stage: Stage) =>
  (await stage.db.pool.query('select event from audit.events order by id')).rows.map(({ event }) => event);

test('worklist: a coordinator sees what to type in, fetches the number sealed for their office, and marks it done', async () => {
  await using stage = await createStage();
  const { coordinator, stranger } = await become(stage, 'worklist');
  const { pushId, externalId } = await stage.addPush();
  assert.equal((await coordinator.call('fetch_number', pushId)).code, 'not_sealed_yet');
  stage.work();
  const [row] = await until('the list', async () => {
    const rows = await coordinator.query<Record<string, unknown>>('select * from api.worklist where ready');
    return rows.length > 0 && rows;
  });
  assert.deepEqual(
    [row?.push_id, row?.member_external_id, row?.change, row?.personnummer_masked],
    [pushId, externalId, 'set', '018150*****'],
  );
  assert.deepEqual(await stranger.query('select * from api.worklist'), []);
  for (const name of ['fetch_number', 'mark_done']) assert.equal((await stranger.call(name, pushId)).code, 'not_found');

  assert.equal(await read((await coordinator.call('fetch_number', pushId)).sealed), sampleNumbers[0]);
  assert.deepEqual(await coordinator.call('mark_done', pushId), { push_id: pushId, state: 'delivered' });
  assert.equal((await coordinator.call('mark_done', pushId)).code, 'not_waiting');
  assert.equal((await coordinator.call('fetch_number', pushId)).code, 'not_waiting');
  const { rows } = await stage.db.pool.query(`select receiver_sealed, state from sync.pushes`);
  assert.deepEqual(rows, [{ receiver_sealed: null, state: 'delivered' }]);
  assert.deepEqual(
    (await eventsOf(stage)).filter((event) => !['refused', 'coordinator_added'].includes(event)),
    ['push_accepted', 'number_fetched', 'push_marked_done'],
  );
});

test('worklist: without a key nothing can be fetched; a key that comes later, or another one, holds for what waits already', async () => {
  await using stage = await createStage();
  const { coordinator } = await become(stage, 'worklist');
  const give = (key: object | null) => stage.db.pool.query('update sync.member_systems set receiver_key = $1', [key]);
  await give(null);
  const { pushId } = await stage.addPush();
  stage.work();
  await until('the change is taken in', async () => (await eventsOf(stage)).includes('push_accepted'));
  const [row] = await coordinator.query<{ ready: boolean }>('select ready from api.worklist');
  assert.equal(row?.ready, false);
  const fetched = async () => (await coordinator.call('fetch_number', pushId)).sealed;
  await give(receiverKey);
  assert.equal(await read(await until('the number', fetched)), sampleNumbers[0]);
  const other = generateKeyPairSync('x25519');
  await give({ ...other.publicKey.export({ format: 'jwk' }), kid: 'moved' });
  await until('the number for the other key', async () => {
    const sealed = await fetched();
    return sealed !== undefined && decodeProtectedHeader(String(sealed)).kid === 'moved';
  });
});

test('worklist: a record that changes meanwhile takes the old entry off the list, and a removal is on it as such', async () => {
  await using stage = await createStage();
  const { coordinator } = await become(stage, 'worklist');
  const { pushId, memberId } = await stage.addPush();
  stage.work();
  const ready = async () => await coordinator.query<Record<string, unknown>>('select * from api.worklist where ready');
  await until('the list', async () => (await ready()).length === 1);
  const later = await removeNumber(stage, memberId);
  assert.equal((await coordinator.call('mark_done', pushId)).code, 'not_waiting');
  await until('the removal', async () => (await ready())[0]?.change === 'remove');
  assert.equal((await coordinator.call('mark_done', later)).state, 'delivered');
  assert.deepEqual(await ready(), []);
});

async function readyFile(stage: Stage, coordinator: Awaited<ReturnType<typeof become>>['coordinator']) {
  await stage.db.pool.query(`select graphile_worker.add_job('write_files')`);
  const text = `select file_id, changes from api.sync_files where state = 'ready'`;
  const [file] = await until('a file', async () => {
    const rows = await coordinator.query<{ file_id: string; changes: number }>(text);
    return rows.length > 0 && rows;
  });
  const fetched = await coordinator.call('fetch_sync_file', file?.file_id);
  return { id: file?.file_id ?? '', changes: file?.changes, csv: await read(fetched.sealed) };
}

test('file: one CSV keyed by external ids, sealed for the office; acknowledged changes are delivered, refused ones cases', async () => {
  await using stage = await createStage();
  const { coordinator, stranger } = await become(stage, 'file');
  const one = await stage.addPush({ externalId: 'a,"1"' });
  const two = await stage.addPush({ externalId: 'b', number: sampleNumbers[1] });
  const three = await stage.addPush({ externalId: 'c', number: sampleNumbers[2] });
  await removeNumber(stage, three.memberId);
  // An import brings no such ids. Where a line end in one were taken for the record's, somebody else would get the number.
  await stage.addPush({ externalId: 'd\nb', number: sampleNumbers[3] });
  await stage.addPush({ externalId: 'e\rb', number: sampleNumbers[4] });
  stage.work();
  const file = await readyFile(stage, coordinator);
  assert.equal(file.changes, 5);
  const lines = file.csv.trim().split('\r\n');
  assert.deepEqual(lines[0], 'external_id,personnummer');
  assert.deepEqual(lines.slice(1).sort(), [
    `"a,""1""",${sampleNumbers[0]}`,
    `"d\nb",${sampleNumbers[3]}`,
    `"e\rb",${sampleNumbers[4]}`,
    `b,${sampleNumbers[1]}`,
    'c,',
  ]);
  assert.equal(stage.memberSystem.requests(), 0);

  assert.equal((await stranger.call('acknowledge_sync_file', file.id)).code, 'not_found');
  assert.deepEqual(await coordinator.call('acknowledge_sync_file', file.id, ['b']), {
    file_id: file.id,
    delivered: 4,
    refused: 1,
  });
  assert.equal((await stage.push(one.pushId)).state, 'delivered');
  assert.deepEqual(await stage.push(two.pushId), {
    state: 'rejected',
    attempts: 1,
    error_code: 'refused_by_receiver',
    http_status: null,
  });
  assert.equal(await stage.cases(two.pushId), 1);
  for (const name of ['acknowledge_sync_file', 'fetch_sync_file']) {
    assert.equal((await coordinator.call(name, file.id)).code, 'not_ready');
  }
  const { rows } = await stage.db.pool.query('select content from sync.files');
  assert.deepEqual(rows, [{ content: null }]);
});

test('file: what changes while a file is out goes into the next one, and only that', async () => {
  await using stage = await createStage();
  const { coordinator } = await become(stage, 'file');
  const { memberId, pushId } = await stage.addPush({ externalId: 'a' });
  stage.work();
  const first = await readyFile(stage, coordinator);
  const later = await removeNumber(stage, memberId);
  assert.deepEqual((await coordinator.call('acknowledge_sync_file', first.id)).delivered, 0);
  assert.equal((await stage.push(pushId)).state, 'superseded');
  await stage.db.pool.query(`update sync.files set created_at = now() - interval '2 days'`);
  const second = await readyFile(stage, coordinator);
  assert.equal(second.csv, 'external_id,personnummer\r\na,\r\n');
  await coordinator.call('acknowledge_sync_file', second.id);
  assert.equal((await stage.push(later)).state, 'delivered');
});

test('file: one that nobody acknowledges expires; its changes go into the next, and a coordinator is told', async () => {
  await using stage = await createStage();
  const { coordinator } = await become(stage, 'file');
  await stage.addPush({ externalId: 'a' });
  stage.work();
  const first = await readyFile(stage, coordinator);
  await stage.db.pool.query(
    `update sync.files set accept_until = now() - interval '1 second', created_at = now() - interval '2 days'`,
  );
  await stage.db.pool.query(`select graphile_worker.add_job('reconcile')`);
  await until('it expired', async () => (await eventsOf(stage)).includes('file_expired'));
  assert.equal((await coordinator.call('acknowledge_sync_file', first.id)).code, 'not_ready');
  const [kind] = await coordinator.query('select kind, detail from api.open_conflicts');
  assert.deepEqual(kind, { kind: 'member_system', detail: { error_code: 'not_acknowledged' } });
  const second = await readyFile(stage, coordinator);
  assert.equal(second.csv, first.csv);
  await coordinator.call('acknowledge_sync_file', second.id);
  assert.deepEqual(await coordinator.query('select * from api.open_conflicts'), []);
});

test('file: a number that cannot be read is a case and holds up nobody else', async () => {
  await using stage = await createStage();
  const { coordinator } = await become(stage, 'file');
  const broken = await stage.addPush({ externalId: 'a' });
  const foreign = await stage.addPush({ externalId: 'b', number: sampleNumbers[1], sealer: 'foreign' });
  await stage.addPush({ externalId: 'c', number: sampleNumbers[2] });
  await stage.db.pool.query(
    `update registry.members set personnummer_sealed = left(personnummer_sealed, -4) || 'AAAA' where external_id = 'a'`,
  );
  stage.work();
  const file = await readyFile(stage, coordinator);
  assert.equal(file.csv, `external_id,personnummer\r\nc,${sampleNumbers[2]}\r\n`);
  assert.equal((await stage.push(broken.pushId)).error_code, 'sealed_value_broken');
  assert.equal(await stage.cases(broken.pushId), 1);
  const waiting = await stage.push(foreign.pushId);
  assert.deepEqual([waiting.state, waiting.error_code], ['pending', 'sealing_key_unknown']);
});
