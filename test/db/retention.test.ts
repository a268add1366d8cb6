import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addKari, counts, one, openDoor } from '../support/door.ts';
import { sampleNumbers } from '../support/samples.ts';

const NUMBER = sampleNumbers[0];

/** As if every login had been so long ago. */
const age = (db: TestDatabase, interval: string) =>
  db.pool.query('update registry.observations set received_at = received_at - $1::interval', [interval]);
const erase = async (db: TestDatabase) =>
  (await one<{ erased: number }>(db, 'select worker.erase_expired(100) as erased')).erased;
const observation = (db: TestDatabase) =>
  one(
    db,
    'select *, birth_date::text, num_nonnulls(given_name, family_name, birth_date, phone, email) as contacts from registry.observations',
  );

test('contact claims of settled logins are erased after the time set for them; outcome, member and number stay', async () => {
  await using db = await createTestDatabase();
  await using door = await openDoor(db);
  await addKari(db, door);
  await door.login({ personnummer: NUMBER });
  await age(db, '89 days');
  assert.equal(await erase(db), 0);
  await age(db, '2 days');
  const before = await observation(db);
  assert.equal(await erase(db), 1);
  const after = await observation(db);
  assert.equal(after.contacts, 0);
  assert.ok(after.contact_erased_at);
  for (const column of [
    'outcome',
    'member_id',
    'explanation',
    'personnummer_index',
    'personnummer_sealed',
    'subject',
  ]) {
    assert.deepEqual(after[column], before[column], column);
  }
  assert.equal(await erase(db), 0, 'once');
  const event = await one(db, `select source, detail from audit.events where event = 'data_erased'`);
  assert.deepEqual(event, { source: 'worker', detail: { contacts: 1, numbers: 0, offers: 0 } });
});

test("observed numbers are erased after the organisation's retention; the member record keeps its own", async () => {
  await using db = await createTestDatabase();
  await using door = await openDoor(db);
  const kari = await addKari(db, door);
  const { observation_id } = await door.login({ personnummer: NUMBER });
  await age(db, '13 months');
  assert.equal(await erase(db), 1);
  const after = await observation(db);
  assert.deepEqual(
    [
      after.outcome,
      after.personnummer_index,
      after.personnummer_sealed,
      after.personnummer_masked,
      after.personnummer_index_previous,
    ],
    ['filled', null, null, null, []],
  );
  const member = await one(db, 'select personnummer_masked from registry.members where id = $1', [kari.id]);
  assert.equal(member.personnummer_masked, '018150*****');
  // What came of it is still known when the same call comes again, and the next login is like any other.
  const again = await door.login({ observation_id, personnummer: NUMBER });
  assert.equal(again.outcome, 'filled');
  assert.equal((await door.login({ personnummer: NUMBER })).outcome, 'confirmed');
});

test('what a case still needs is not erased, nor what waits to be decided', async () => {
  await using db = await createTestDatabase();
  await using door = await openDoor(db);
  await addKari(db, door, { personnummer: sampleNumbers[1] });
  await door.login({ personnummer: NUMBER });
  await age(db, '2 years');
  assert.equal(await erase(db), 0);
  await db.pool.query(
    `update registry.conflicts set state = 'superseded', superseded_by = 'a test', closed_at = now() - interval '32 days'`,
  );
  await db.pool.query(
    `update registry.observations set outcome = 'deferred', settled_at = null, member_id = null, deferred_sqlstate = '40001'`,
  );
  assert.equal(await erase(db), 0);
  assert.equal((await counts(db)).observations, 1);
});

test('a shorter time can be set for one organisation', async () => {
  await using db = await createTestDatabase();
  await using door = await openDoor(db);
  await addKari(db, door);
  await door.login();
  await db.pool.query(`update registry.organizations set contact_retention = '1 day'`);
  await age(db, '2 days');
  assert.equal(await erase(db), 1);
});
