import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { test } from 'vitest';
import {
  type ActingCallback,
  actAsCallback,
  addKari,
  counts,
  one,
  waitWithoutLimit,
} from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { until } from '../support/until.ts';

const ROUNDS = 200;
const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/**
 * Two logins that start at the same instant: each connection waits inside the database for the same advisory lock, which is
 * let go when both wait. `held` is a third connection that holds it meanwhile.
 */
async function together(
  db: TestDatabase,
  callback: ActingCallback,
  held: pg.Client,
  pair: pg.Client[],
  numbers: string[],
  subject: string,
) {
  await held.query('select pg_advisory_lock(1)');
  const logins = pair.map(async (client, at) => {
    await client.query('select pg_advisory_xact_lock_shared(1)');
    return callback.login({ personnummer: numbers[at] as string, subject, observation_id: randomUUID() }, client);
  });
  const waiting = `select count(*)::int as n from pg_stat_activity where pid = any ($1) and wait_event = 'advisory'`;
  const pids = pair.map((client) => (client as unknown as { processID: number }).processID);
  await until('both wait', async () => (await one<{ n: number }>(db, waiting, [pids])).n === pair.length, 60_000, 0);
  await held.query('select pg_advisory_unlock(1)');
  return (await Promise.all(logins)).map(({ outcome }) => outcome).sort();
}

async function connect(url: string, count: number) {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }));
  await Promise.all(clients.map((client) => client.connect()));
  return {
    clients,
    [Symbol.asyncDispose]: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}

async function race(numbers: string[], expected: string[], seen: (db: TestDatabase) => Promise<void>) {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await using pair = await connect(db.urlFor('auth_callback'), 2);
  await using holder = await connect(db.ownerUrl, 1);
  for (let round = 0; round < ROUNDS; round += 1) {
    const subject = randomUUID();
    const member = await addKari(db, callback);
    await db.pool.query(
      `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
       values ($1, 'https://provider.example/access-management-1.0/access/', $2, $3, 'vipps', 'coordinator')`,
      [callback.organization.id, subject, member.id],
    );
    const outcomes = await together(db, callback, holder.clients[0] as pg.Client, pair.clients, numbers, subject);
    assert.deepEqual(outcomes, expected, `round ${round}`);
    // The number is free again for the next round's member.
    await db.pool.query(
      `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
         personnummer_source = null, personnummer_at = null where id = $1`,
      [member.id],
    );
  }
  await seen(db);
}

test(`two logins of one member at the same instant with different numbers: one fill, one conflict, ${ROUNDS} times`, async () => {
  await race([NUMBER, OTHER_NUMBER], ['conflict', 'filled'], async (db) => {
    const total = await counts(db);
    assert.equal(total.pushes, ROUNDS);
    assert.equal(total.conflicts, ROUNDS);
    assert.equal(total.events, 2 * ROUNDS);
  });
});

test(`with the same number: one fill, one confirmation, ${ROUNDS} times`, async () => {
  await race([NUMBER, NUMBER], ['confirmed', 'filled'], async (db) => {
    const total = await counts(db);
    assert.equal(total.pushes, ROUNDS);
    assert.equal(total.conflicts, 0);
    assert.equal(total.events, 2 * ROUNDS);
  });
});

test('two members and one number at the same instant: one fill, one duplicate', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  for (let round = 0; round < 25; round += 1) {
    const people = [0, 1].map((nth) => ({
      phone: `+4790${round}0${nth}000`,
      email: `${round}.${nth}@example.org`,
      given_name: 'Kari',
      family_name: 'Nordmann',
    }));
    for (const person of people) await addMember(db, callback.organization, person);
    const answers = await Promise.all(
      people.map((person) =>
        callback.login({
          ...person,
          personnummer: sampleNumbers[round % 12] as string,
          subject: randomUUID(),
          birth_date: null,
        }),
      ),
    );
    const outcomes = answers.map(({ outcome }) => outcome).sort();
    assert.deepEqual(outcomes, round < 12 ? ['duplicate', 'filled'] : ['duplicate', 'duplicate'], `round ${round}`);
  }
});

test('the first login of one person arriving ten times at once makes one link', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await waitWithoutLimit(db);
  const answers = await Promise.all(Array.from({ length: 10 }, () => callback.login({ personnummer: NUMBER })));
  assert.deepEqual(answers.map(({ outcome }) => outcome).sort(), [...Array(9).fill('confirmed'), 'filled']);
  assert.equal((await counts(db)).links, 1);
  assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'linked'`)).n, 1);
});
