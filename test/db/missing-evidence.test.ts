import assert from 'node:assert/strict';
import fc from 'fast-check';
import type pg from 'pg';
import { test } from 'vitest';
import { type Answer, actAsCallback, addKari, counts, KARI, one } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER] = sampleNumbers;
const mostly = <Value>(usual: Value, ...others: Value[]) => fc.constantFrom(usual, usual, usual, ...others);
/** Evidence of a login, any part of which may be Kari's, her brother's, a stranger's, or not there. */
const evidence = fc.record({
  subject: mostly('new', 'known'),
  phone: mostly<string | null>(KARI.phone, '+4790000098', '+4790000099', null),
  phone_verified: mostly(true, false),
  email: mostly<string | null>(KARI.email, 'nobody@example.org', null),
  email_verified: mostly(true, false),
  given_name: mostly<string | null>(KARI.given_name, 'Ola', null),
  family_name: mostly<string | null>(KARI.family_name, 'Hansen', null),
  birth_date: mostly<string | null>(KARI.birth_date, '1984-05-17', null),
  number: mostly(false, true),
});

test('with evidence missing a login is decided as without, or not at all: then nothing is kept of it', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: NUMBER });
  await addMember(db, callback.organization, { given_name: 'Per', family_name: 'Nordmann', phone: '+4790000098' });
  assert.notEqual((await callback.login({ subject: 'known' })).member_id, null);
  const client = await callback.pool.connect();
  const tryOut = async (login: Record<string, unknown>): Promise<Answer> => {
    await client.query('begin');
    try {
      return await callback.login(login, client as pg.ClientBase);
    } finally {
      await client.query('rollback');
    }
  };
  const seen = new Set<string>();
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(evidence, async ({ number, ...claims }) => {
        run += 1; // a login that was found is linked, and no new one any more
        const subject = claims.subject === 'known' ? 'known' : `new ${run}`;
        const login = { ...claims, subject, ...(number ? { personnummer: NUMBER } : {}) };
        const whole = await tryOut(login);
        const before = await counts(db);
        const partial = await callback.login({ ...login, evidence_missing: true });
        seen.add(`${partial.outcome === null ? 'not decided' : 'decided'}: ${whole.outcome}`);
        if (partial.outcome === null) {
          assert.equal(partial.member_id, null);
          assert.equal(partial.ask_consent, false);
          assert.deepEqual(await counts(db), before);
          const shown = [claims.given_name, claims.family_name, claims.birth_date].some((each) => each !== null);
          assert.ok(whole.member_id === null || (!shown && !number && claims.subject === 'new'), JSON.stringify(whole));
        } else {
          assert.deepEqual([partial.outcome, partial.member_id], [whole.outcome, whole.member_id]);
          assert.notEqual(partial.member_id, null, 'only somebody who was found is decided on');
        }
      }),
      { numRuns: 250 },
    );
  } finally {
    client.release();
  }
  for (const outcome of ['unlinked', 'ambiguous', 'name_mismatch'])
    assert.ok(seen.has(`not decided: ${outcome}`), outcome);
  assert.ok([...seen].some((each) => each.startsWith('decided: ')));
});

test('the same call again is answered the same, also once the evidence is there', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const observation_id = crypto.randomUUID();
  for (let nth = 0; nth < 2; nth += 1) {
    assert.equal((await callback.login({ observation_id, evidence_missing: true })).outcome, null);
  }
  assert.equal((await callback.login({ observation_id })).outcome, 'unlinked');
  assert.equal(
    (await callback.login({ observation_id, evidence_missing: true })).outcome,
    'unlinked',
    'it was decided',
  );
});

test('while matching is out of order, with evidence missing besides, who is known is let in and nobody else kept', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login();
  await db.pool.query('alter function private.find_candidates rename to candidates_gone');
  await db.pool.query('alter function private.settle_observation rename to settle_gone');
  const known = await callback.login({ evidence_missing: true });
  assert.deepEqual([known.outcome, known.member_id], ['deferred', kari.id]);
  const stranger = await callback.login({ subject: 'stranger', evidence_missing: true });
  assert.deepEqual([stranger.outcome, stranger.member_id], [null, null]);
  assert.equal((await one(db, 'select count(*)::int as n from registry.observations')).n, 2);
});
