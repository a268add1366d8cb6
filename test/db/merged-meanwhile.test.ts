import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { addKari, KARI, one } from '../support/acting-callback.ts';
import { atTheDesk, type Desk, record } from '../support/desk.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { until } from '../support/until.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

/** Kari's record without a number, and a second one with; the case offers to merge the first into the second. */
async function twoRecords({ db, callback }: Desk) {
  const kari = await addKari(db, callback);
  const double = await addMember(db, callback.organization, {
    given_name: 'Kari',
    family_name: 'Nordmann',
    personnummer: NUMBER,
  });
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'duplicate');
  return { kari, double };
}

/** A coordinator decides and has not committed yet; a login comes and waits; the coordinator commits. Answers the login's outcome. */
async function whileDeciding(
  { db, callback, coordinator, openCases }: Desk,
  decision: string,
  login: Record<string, unknown>,
) {
  const client = new pg.Client({ connectionString: db.urlFor('authenticator') });
  await client.connect();
  try {
    const [found] = await openCases();
    const claims = JSON.stringify({ sub: coordinator.userId, role: 'authenticated' });
    await client.query('begin');
    await client.query('set local role authenticated');
    await client.query(`select set_config('request.jwt.claims', $1, true)`, [claims]);
    await client.query('select api.resolve_conflict($1, $2, null, $3)', [found?.id, decision, found?.version]);
    const answer = callback.login(login);
    await until('the login waits', async () => {
      const waiting = `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return (await one<{ n: number }>(db, waiting)).n > 0;
    });
    await client.query('commit');
    return (await answer).outcome;
  } finally {
    await client.end();
  }
}

const misplaced = ({ db }: Desk) =>
  one(
    db,
    `select (select count(*)::int from registry.identity_links l join registry.members m on m.id = l.member_id where m.merged_into is not null) as links,
            (select count(*)::int from registry.members where merged_into is not null and personnummer_index is not null) as numbers`,
  );

test('a first login is not linked to a record that is being merged', () =>
  atTheDesk(async (desk) => {
    await twoRecords(desk);
    assert.equal(await whileDeciding(desk, 'merge_into', { subject: 'second-phone' }), 'deferred');
    assert.deepEqual(await misplaced(desk), { links: 0, numbers: 0 });
    const { observation_id: id } = await one<{ observation_id: string }>(
      desk.db,
      `select id as observation_id from registry.observations where outcome = 'deferred'`,
    );
    await desk.db.pool.query('select worker.process_observation($1)', [id]);
    assert.deepEqual(await misplaced(desk), { links: 0, numbers: 0 });
  }));

test('a linked login does not fill a record that is being merged; it follows its link', () =>
  atTheDesk(async (desk) => {
    const { double } = await twoRecords(desk);
    assert.equal(await whileDeciding(desk, 'merge_into', { personnummer: OTHER_NUMBER }), 'deferred');
    assert.deepEqual(await misplaced(desk), { links: 0, numbers: 0 });
    await desk.db.pool.query(
      `select worker.process_observation(id) from registry.observations where outcome = 'deferred'`,
    );
    const last = await one(
      desk.db,
      `select outcome, member_id from registry.observations order by received_at desc limit 1`,
    );
    assert.deepEqual(last, { outcome: 'conflict', member_id: double.id });
  }));

test('a login that is being excluded from the record fills nothing', () =>
  atTheDesk(async (desk) => {
    const { kari } = await twoRecords(desk);
    assert.equal(await whileDeciding(desk, 'not_same_person', { personnummer: OTHER_NUMBER }), 'deferred');
    assert.equal((await record(desk.db, kari.id)).personnummer_index, null);
  }));

test('whom a login is not, it is not after a merge either; undo takes that back', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, settle, openCases } = desk;
    const { kari, double } = await twoRecords(desk);
    const stranger = { subject: 'stranger', given_name: 'Nils', family_name: 'Berg' };
    await callback.login(stranger);
    await settle('not_same_person', 1);
    const [merge] = await openCases();
    await settle('merge_into');
    // The next export gives the surviving record the contact data of the merged one.
    await db.pool.query('update registry.members set phone = $2, email = $3, birth_date = $4 where id = $1', [
      double.id,
      KARI.phone,
      KARI.email,
      KARI.birth_date,
    ]);
    const again = await callback.login({ ...stranger, given_name: 'Kari', family_name: 'Nordmann' });
    assert.deepEqual([again.outcome, again.member_id], ['unlinked', null]);
    assert.equal((await coordinator.call('undo_resolution', merge?.id, null)).state, 'open');
    const excluded = await one(db, 'select member_id from registry.excluded_links');
    assert.equal(excluded.member_id, kari.id);
  }));

test('a login is not given back to a record that was merged', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, settle, openCases } = desk;
    await addKari(db, callback);
    await callback.login({ personnummer: OTHER_NUMBER });
    await addMember(db, callback.organization, { given_name: 'Kari', personnummer: NUMBER });
    await callback.login({ personnummer: NUMBER });
    await callback.login({ personnummer: THIRD_NUMBER });
    const [, excluded] = await openCases();
    assert.equal((await settle('not_same_person', 1)).state, 'resolved');
    assert.equal((await settle('merge_into')).state, 'resolved');
    assert.equal((await coordinator.call('undo_resolution', excluded?.id, null)).code, 'newer_change');
    assert.deepEqual(await misplaced(desk), { links: 0, numbers: 0 });
  }));

test('a first login that is found not to be the member at that very moment is not linked', () =>
  atTheDesk(async (desk) => {
    const kari = await addKari(desk.db, desk.callback);
    const stranger = { subject: 'another', family_name: 'Hansen' };
    assert.equal((await desk.callback.login(stranger)).outcome, 'name_mismatch');
    await desk.db.pool.query(`update registry.members set family_name = 'Hansen' where id = $1`, [kari.id]);
    assert.equal(await whileDeciding(desk, 'not_same_person', stranger), 'deferred');
    assert.equal((await one(desk.db, 'select count(*)::int as n from registry.identity_links')).n, 0);
  }));
