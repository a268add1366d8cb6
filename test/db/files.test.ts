import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { pushWorker, unavailable } from '../support/push-worker.ts';
import { revoke } from '../support/revoke.ts';
import { addMember, addMemberSystem, addOrganization, sampleNumbers, sealNumber } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
const receiverKey = '{"kty":"OKP","kid":"k","crv":"X25519","x":"abc"}';
type Row = { file_id: string; push_id: string; external_id: string };

/** An organisation that takes files; Kari's change waits, and so does somebody else's. */
const withFiles = (action: (desk: Desk & Files) => Promise<void>) =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    await db.pool.query(`update sync.member_systems set kind = 'file', receiver_key = $1`, [receiverKey]);
    await addKari(db, callback, { external_id: 'kari' });
    await callback.login({ personnummer: NUMBER });
    const other = await addMember(db, callback.organization, { external_id: 'other', personnummer: OTHER_NUMBER });
    await db.pool.query('select private.queue_push($1)', [other.id]);
    await action({ ...desk, ...files(desk) });
  });

type Files = ReturnType<typeof files>;
function files({ db }: Desk) {
  const claim = async (name = 'files/1') =>
    (await db.pool.query<Row>('select * from worker.claim_file($1)', [name])).rows;
  const finish = async (rows: Row[], name = 'files/1') =>
    (
      await db.pool.query(`select worker.finish_file($1, $2, 'a.b.c.d.e', $3, '{}', '{}') as changes`, [
        rows[0]?.file_id,
        name,
        rows.map(({ push_id }) => push_id),
      ])
    ).rows[0].changes;
  const fail = async (rows: Row[], code = 'receiver_key_unusable') =>
    (await db.pool.query(`select worker.fail_file($1, 'files/1', $2) as failed`, [rows[0]?.file_id, code])).rows[0]
      .failed;
  const states = async () =>
    (await db.pool.query('select state, content is not null as content from sync.files order by created_at')).rows.map(
      ({ state, content }) => (content ? `${state} with content` : state),
    );
  return { claim, finish, fail, states };
}

const ids = (rows: Row[]) => rows.map(({ external_id }) => external_id).sort();

test('a change that is cancelled while its file is written does not leave: the file is given up and written anew', () =>
  withFiles(async ({ claim, finish, states, ...desk }) => {
    const rows = await claim();
    assert.deepEqual(ids(rows), ['kari', 'other']);
    await revoke(desk.callback);
    assert.equal(await finish(rows), null);
    const again = await claim();
    assert.deepEqual(ids(again), ['other']);
    assert.equal(await finish(again), 1);
    assert.deepEqual(await states(), ['expired', 'ready with content']);
    assert.equal((await one(desk.db, `select count(*)::int as n from audit.events where event = 'file_written'`)).n, 1);
  }));

test('a change that is superseded while its file is written is not in it either', () =>
  withFiles(async ({ claim, finish, db, callback }) => {
    const rows = await claim();
    const number = await sealNumber(sampleNumbers[2], callback.organization);
    await db.pool.query(
      `update registry.members set personnummer_index = $1, personnummer_sealed = $2, personnummer_masked = $3
       where external_id = 'other'`,
      Object.values(number),
    );
    assert.equal(await finish(rows), null);
    assert.deepEqual(ids(await claim()), ['kari']);
  }));

test('a change that is cancelled in a file that nobody has fetched takes the file back; the next one comes at once', () =>
  withFiles(async ({ claim, finish, states, ...desk }) => {
    const rows = await claim();
    await finish(rows);
    await revoke(desk.callback);
    assert.deepEqual(await states(), ['expired']);
    assert.equal((await desk.coordinator.call('fetch_sync_file', rows[0]?.file_id)).code, 'not_ready');
    assert.deepEqual(await desk.coordinator.query('select * from api.sync_files'), []);
    assert.deepEqual(ids(await claim()), ['other']);
    assert.equal((await one(desk.db, `select count(*)::int as n from audit.events where event = 'file_expired'`)).n, 1);
  }));

test('what was fetched cannot be called back: the file stays, and its acknowledgement settles the others only', () =>
  withFiles(async ({ claim, finish, states, ...desk }) => {
    const rows = await claim();
    await finish(rows);
    await desk.coordinator.call('fetch_sync_file', rows[0]?.file_id);
    await revoke(desk.callback);
    assert.deepEqual(await states(), ['ready with content']);
    assert.equal((await desk.coordinator.call('acknowledge_sync_file', rows[0]?.file_id)).delivered, 1);
    const { actor, detail } = await one(desk.db, `select * from audit.events where event = 'file_acknowledged'`);
    assert.equal(actor, `coordinator:${desk.coordinator.userId}`);
    assert.deepEqual(detail, { file_id: rows[0]?.file_id, delivered: 1, refused: 0 });
    const { rows: pushes } = await desk.db.pool.query('select state from sync.pushes order by state');
    assert.deepEqual(
      pushes.map(({ state }) => state),
      ['delivered', 'cancelled'],
    );
  }));

test('an acknowledgement that names somebody who is not in the file is refused as a whole; nothing counts as delivered', () =>
  withFiles(async ({ claim, finish, ...desk }) => {
    const rows = await claim();
    await finish(rows);
    await desk.coordinator.call('fetch_sync_file', rows[0]?.file_id);
    const acknowledge = (...refused: (string | null)[]) =>
      desk.coordinator.call('acknowledge_sync_file', rows[0]?.file_id, refused);
    assert.equal((await acknowledge('other', 'kair')).code, 'not_in_file');
    assert.equal((await one(desk.db, `select count(*)::int as n from sync.pushes where state = 'pending'`)).n, 2);
    // Who withdrew since the file was fetched is in the file all the same.
    await revoke(desk.callback);
    const reply = await acknowledge('other', 'kari', null);
    assert.deepEqual([reply.delivered, reply.refused], [0, 1]);
  }));

test('a withdrawal and the end of a file at the same moment do not deadlock', () =>
  withFiles(async ({ claim, states, ...desk }) => {
    const rows = await claim();
    const client = await desk.db.pool.connect();
    try {
      await client.query('begin');
      await client.query(`select worker.finish_file($1, 'files/1', 'a.b.c.d.e', $2, '{}', '{}')`, [
        rows[0]?.file_id,
        rows.map(({ push_id }) => push_id),
      ]);
      const revoked = revoke(desk.callback);
      await blocked(desk.db, 1);
      await client.query('commit');
      await revoked;
    } finally {
      client.release();
    }
    assert.deepEqual(await states(), ['expired']);
  }));

test('a change whose record has moved on is settled, and no empty file is begun for it', () =>
  withFiles(async ({ claim, states, db }) => {
    await db.pool.query(`update registry.members set personnummer_index = personnummer_index || 'x'`);
    for (let times = 0; times < 3; times += 1) assert.deepEqual(await claim(), []);
    assert.deepEqual(await states(), []);
    const { rows } = await db.pool.query('select state, count(*)::int as n from sync.pushes group by 1');
    assert.deepEqual(rows, [{ state: 'superseded', n: 2 }]);
  }));

test('a file that cannot be written is a case, once; the others go on, and after a pause it is tried again', () =>
  withFiles(async ({ claim, fail, states, openCases, db, callback }) => {
    const other = await addOrganization(db);
    await addMemberSystem(db, other, { kind: 'file', receiver_key: receiverKey, url_template: null });
    const member = await addMember(db, other, { personnummer: NUMBER, external_id: 'elsewhere' });
    await db.pool.query('select private.queue_push($1)', [member.id]);
    const [first, second] = [await claim(), await claim()];
    assert.deepEqual([...ids(first), ...ids(second)].sort(), ['elsewhere', 'kari', 'other']);
    const ours = first.length === 2 ? first : second;
    assert.equal(await fail(ours), true);
    assert.equal(await fail(ours), false);
    assert.deepEqual(await claim(), []);
    const text = 'select state, attempts, error_code from sync.pushes where organization_id = $1';
    const waits = { state: 'pending', attempts: 0, error_code: 'receiver_key_unusable' };
    assert.deepEqual((await db.pool.query(text, [callback.organization.id])).rows, [waits, waits]);

    await db.pool.query(`update sync.files set created_at = now() - interval '11 minutes'`);
    assert.equal(await fail(await claim()), true);
    assert.deepEqual(
      (await openCases()).map(({ kind }) => kind),
      ['member_system'],
    );
    assert.equal((await states()).filter((state) => state === 'expired').length, 2);
    assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'file_expired'`)).n, 2);
  }));

test('a file that is given up while its worker says that it could not write it has ended once', () =>
  withFiles(async ({ claim, fail, openCases, db }) => {
    const rows = await claim();
    await using other = await begin(db);
    await other.query(`update sync.files set state = 'expired', lease_expires_at = null`);
    const failed = fail(rows);
    await blocked(db, 1);
    await other.query('commit');
    assert.equal(await failed, false);
    assert.deepEqual(await openCases(), []);
  }));

test('a change that was given up while there was an interface goes into a file, and is delivered with it', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const { claim, finish } = files(desk);
    await addKari(db, callback, { external_id: 'kari' });
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    assert.equal(await pushWorker(db).attempt(id, { ...unavailable, final: true }), 'given_up');
    // Twice the same number, because one in between was taken back: only the last one goes.
    await db.pool.query(
      `insert into sync.pushes (organization_id, member_id, personnummer_index, state, error_code, settled_at, next_attempt_at, created_at)
       select organization_id, member_id, personnummer_index, state, error_code, settled_at, now() - interval '1 hour', created_at - interval '1 day'
       from sync.pushes`,
    );
    await db.pool.query(`update sync.member_systems set kind = 'file', receiver_key = $1`, [receiverKey]);
    assert.deepEqual(await claim(), []);
    await db.pool.query(`update sync.pushes set next_attempt_at = now() where id = $1`, [id]);
    const rows = await claim();
    assert.deepEqual(
      rows.map(({ push_id }) => push_id),
      [id],
    );
    assert.equal(await finish(rows), 1);
    assert.equal((await coordinator.call('acknowledge_sync_file', rows[0]?.file_id)).delivered, 1);
    assert.equal((await one(db, 'select state from sync.pushes where id = $1', [id])).state, 'delivered');
    assert.deepEqual(await desk.openCases(), []);
    assert.deepEqual(await claim(), []);
  }));

test('a change that is tried again while its file is written is in the next one only', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const { claim, finish } = files(desk);
    await addKari(db, callback, { external_id: 'kari' });
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    await pushWorker(db).attempt(id, { ...unavailable, final: true });
    await db.pool.query(`update sync.member_systems set kind = 'file', receiver_key = $1`, [receiverKey]);
    await db.pool.query(`update sync.pushes set next_attempt_at = now()`);
    const rows = await claim();
    const { push_id } = await coordinator.call('retry_sync', id);
    assert.equal(await finish(rows), null);
    assert.deepEqual(
      (await claim()).map((row) => row.push_id),
      [push_id],
    );
  }));
