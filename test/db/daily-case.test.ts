import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, counts, one, waitWithoutLimit } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleNumbers } from '../support/samples.ts';

// A linked login with the recorded number is answered by one statement, beside the trigger: `private.confirm_known_login`.

const [NUMBER, OTHER] = sampleNumbers;

/** The same login once more, by the trigger. */
const BY_THE_TRIGGER = `
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, acr, authenticated_at,
    personnummer_index, personnummer_sealed, personnummer_masked, given_name, family_name, birth_date, phone, phone_verified, email, email_verified)
  select $2, organization_id, provider, source, issuer, subject, acr, authenticated_at,
    personnummer_index, personnummer_sealed, personnummer_masked, given_name, family_name, birth_date, phone, phone_verified, email, email_verified
  from registry.observations where id = $1`;

const ROW = `select to_jsonb(o) - 'id' - 'received_at' - 'settled_at' as row from registry.observations as o where id = $1`;
const EVENTS = `select coalesce(jsonb_agg(to_jsonb(e) - 'id' - 'occurred_at' - 'transaction_id' - 'observation_id' - 'actor' order by e.id), '[]') as events
  from audit.events as e where observation_id = $1`;

async function stored(db: TestDatabase, id: string) {
  return { ...(await one(db, ROW, [id])), ...(await one(db, EVENTS, [id])) };
}

test('the short way stores the same row and the same event as the trigger does', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  const short = await callback.login({
    personnummer: NUMBER,
    acr: 'urn:some:level',
    birth_date: '1950-01-02',
    email: null,
  });
  assert.equal(short.outcome, 'confirmed');
  const long = randomUUID();
  await db.pool.query(BY_THE_TRIGGER, [short.observation_id, long]);
  assert.deepEqual(await stored(db, short.observation_id), await stored(db, long));
});

test('what differs in anything takes the long way', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const { member_id } = await callback.login({ personnummer: NUMBER });
  const outcome = async (login: Record<string, unknown>) => (await callback.login(login)).outcome;
  assert.equal(await outcome({ personnummer: OTHER }), 'conflict');
  assert.equal(await outcome({}), 'absent');
  assert.equal(await outcome({ personnummer: NUMBER, inconsistency: 'numbers_differ' }), 'confirmed');
  assert.equal((await one(db, `select count(*)::int as n from registry.conflicts where kind = 'inconsistent'`)).n, 1);
  await db.pool.query(
    `update registry.organizations set capture_basis = null, capture_decided_by = null, capture_decided_at = null, retention = null`,
  );
  assert.equal(await outcome({ personnummer: NUMBER }), 'absent');
  assert.equal(
    (await one(db, 'select count(*)::int as n from registry.observations where member_id = $1', [member_id])).n,
    5,
  );
});

test('an id that was used for another login is refused, a repeated call is answered as before', async () => {
  await using db = await createTestDatabase();
  await waitWithoutLimit(db);
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  const same = { observation_id: randomUUID(), personnummer: NUMBER };
  const before = await counts(db);
  const answers = await Promise.all(Array.from({ length: 8 }, () => callback.login(same)));
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal(answers[0]?.outcome, 'confirmed');
  const after = await counts(db);
  assert.deepEqual([after.observations, after.events], [Number(before.observations) + 1, Number(before.events) + 1]);
  await assert.rejects(callback.login({ ...same, subject: 'somebody-else' }), { code: 'PN003' });
});

test('a fault on the short way loses nothing: the long way keeps the evidence', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  await db.pool.query(`alter table audit.events add constraint broken check (event <> 'confirmed')`);
  const client = await callback.pool.connect();
  const warnings: (string | undefined)[] = [];
  client.on('notice', ({ message }) => warnings.push(message));
  const answer = await callback.login({ personnummer: NUMBER }, client);
  client.release();
  assert.deepEqual(warnings, ['A login took the long way: SQLSTATE 23514 in private.confirm_known_login.']);
  assert.deepEqual([answer.outcome, answer.member_id], ['deferred', kari.id]);
  assert.equal(
    (await one(db, `select deferred_sqlstate from registry.observations where outcome = 'deferred'`)).deferred_sqlstate,
    '23514',
  );
});
