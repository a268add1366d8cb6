import assert from 'node:assert/strict';
import { test } from 'vitest';
import { announce, erase, finish } from '../db/support/erasing.ts';
import { one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { createTestDatabase } from '../support/database.ts';
import { addMember, addOrganization } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';
import { importByHand, numberOf } from './support/by-hand.ts';
import { createImportWorld, csv } from './support/run-import.ts';

const rejections = 'select line, reasons from registry.import_rejections order by line';

test('an erased member number does not come back by an import, unless the operator says so; the row is rejected and counted', async () => {
  await using world = await createImportWorld();
  const { db, organization } = world;
  const kari = await addMember(db, organization, { external_id: '1001', given_name: 'Kari' });
  await erase(db, kari);
  const file = csv('external_id,given_name,family_name', '1001,Kari,Nordmann', '1002,Ola,Nordmann');
  const last = () =>
    one(db, 'select added, unchanged, rejected from registry.import_runs order by started_at desc limit 1');
  await world.imported(file, '--partial');
  assert.deepEqual(await last(), { added: 1, unchanged: 0, rejected: 1 });
  assert.deepEqual((await db.pool.query(rejections)).rows, [{ line: 2, reasons: ['member_erased'] }]);
  assert.match(world.read('members.csv.rejected.csv') ?? '', /^2,member_erased$/m);
  await world.imported(file, '--partial', '--readmit');
  assert.deepEqual(await last(), { added: 1, unchanged: 1, rejected: 0 });
  // Somebody who is a member again stays one.
  await world.imported(file, '--partial');
  assert.deepEqual(await last(), { added: 0, unchanged: 2, rejected: 0 });
});

test('an import that runs meets an erasure: neither changes what the other has done, and nothing of the person stays with the run', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const kari = await addMember(db, organization, { external_id: '1001', given_name: 'Kari', ...numberOf(1) });
  await addMember(db, organization, { external_id: '1002', ...numberOf(2) });
  const { start, load, finish: finishRun } = importByHand(db, organization);
  const { run_id: run } = await start('fe');
  await load(run, 0, [{ line: 1, external_id: '1001', n: 2 }]); // waits: 1002 has the number
  const { id } = await announce(db, kari);
  {
    // A batch under way: the erasure waits for it.
    await using batch = await begin(db);
    await batch.query('select * from import.load_rows($1, 1, 1, $2, $3)', [
      run,
      JSON.stringify([{ line: 2, external_id: '1003' }]),
      '[]',
    ]);
    const erasing = finish(db, id);
    await blocked(db, 1);
    await batch.query('commit');
    assert.equal(await erasing, 'erased');
  }
  await load(run, 2, [{ line: 3, external_id: '1001', n: 1 }]);
  assert.deepEqual((await db.pool.query(rejections)).rows, [{ line: 3, reasons: ['member_erased'] }]);
  const left = await one(
    db,
    `select (select count(*)::int from registry.import_lines where external_id = '1001') as lines,
            (select count(*)::int from registry.waiting_numbers) as waiting`,
  );
  assert.deepEqual(left, { lines: 0, waiting: 0 });
  await finishRun(run);
  const { rows } = await db.pool.query('select external_id from registry.members where erased_at is null order by 1');
  assert.deepEqual(rows, [{ external_id: '1002' }, { external_id: '1003' }]);
});

test('as long as the erasure, or the removal from the member system, is under way, an import leaves the member alone', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const kari = await addMember(db, organization, { external_id: '1001', given_name: 'Kari', ...numberOf(1) });
  await db.pool.query(
    `insert into sync.pushes (organization_id, member_id, personnummer_index, state, attempts, next_attempt_at, settled_at)
     select organization_id, id, personnummer_index, 'delivered', 1, null, now() from registry.members`,
  );
  const { start, load, finish: finishRun } = importByHand(db, organization);
  const reject = async (file: string) => {
    const { run_id: run } = await start(file);
    await load(run, 0, [{ line: 1, external_id: '1001', n: 3 }]);
    await finishRun(run);
    return (await one(db, 'select reasons from registry.import_rejections where run_id = $1', [run])).reasons;
  };
  const { id } = await announce(db, kari);
  assert.deepEqual(await reject('a'), ['member_being_erased']);
  await finish(db, id);
  assert.deepEqual(await reject('b'), ['member_being_erased']);
  await db.pool.query(
    `update sync.pushes set state = 'delivered', attempts = 1, next_attempt_at = null, settled_at = now() where removal`,
  );
  assert.deepEqual(await reject('c'), ['member_erased']);
});
