import assert from 'node:assert/strict';
import { test } from 'vitest';
import { atTheDesk, record } from '../support/desk.ts';
import { addKari, one } from '../support/door.ts';
import { sampleNumbers, sealNumber } from '../support/samples.ts';
import { unavailable, workerDoor } from './support/worker-door.ts';

const [NUMBER] = sampleNumbers;

test('a push that was given up survives the rotation of the index key: it is still tried daily, and its case stays', () =>
  atTheDesk(async ({ db, door, openCases }) => {
    await addKari(db, door);
    const sealed = await sealNumber(NUMBER, door.organization);
    await door.login(sealed);
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const { attempt, claim } = workerDoor(db);
    assert.equal(await attempt(id, { ...unavailable, final: true }), 'given_up');
    const index = `v2.${'n'.repeat(43)}`;
    const previous = [sealed.personnummer_index];
    const login = { ...sealed, personnummer_index: index, personnummer_index_previous: previous };
    assert.equal((await door.login(login)).outcome, 'confirmed');
    assert.deepEqual(await one(db, 'select state, personnummer_index from sync.pushes'), {
      ...{ state: 'given_up', personnummer_index: index },
    });
    await db.pool.query('update sync.pushes set next_attempt_at = now()');
    assert.equal((await claim(id)).personnummer_index, index);
    assert.deepEqual(
      (await openCases()).map(({ kind }) => kind),
      ['push_failed'],
    );
  }));

test('a difference that was settled by leaving theirs does not come back under the next index key', () =>
  atTheDesk(async ({ db, door, settle, openCases }) => {
    const kari = await addKari(db, door, { personnummer: NUMBER });
    const recorded = (await record(db, kari.id)).personnummer_index;
    const report = (...live: string[]) =>
      db.pool.query(`select worker.report_drift($1, $2, 'another', $3, '018150*****', false)`, [
        ...[kari.id, recorded, live],
      ]);
    await report('v9.old');
    await settle('keep_existing');
    for (const order of [
      ['v9.old', 'v10.new'],
      ['v10.new', 'v9.old'],
    ]) {
      await report(...order);
      assert.deepEqual(await openCases(), []);
    }
    await report('v9.another', 'v10.another');
    assert.equal((await openCases()).length, 1, 'another number is another difference');
    await report('v9.another');
    assert.equal((await openCases()).length, 1, 'it is known by the older version');
  }));
