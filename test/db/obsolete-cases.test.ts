import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, KARI, one } from '../support/acting-callback.ts';
import { atTheDesk, type Desk, record } from '../support/desk.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

/** Kari's login brings the number of another record, and hers has none. */
async function duplicate({ db, callback }: Desk) {
  const kari = await addKari(db, callback);
  const other = await addMember(db, callback.organization, { given_name: 'Kari', personnummer: NUMBER });
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'duplicate');
  return { kari, other };
}

const states = async ({ db }: Desk) =>
  (await db.pool.query('select kind, state from registry.conflicts order by opened_at, id')).rows.map((row) =>
    Object.values(row).join(' '),
  );

test('a duplicate is obsolete when a later login fills the record with a number of its own', () =>
  atTheDesk(async (desk) => {
    const { kari } = await duplicate(desk);
    const { outcome } = await desk.callback.login({ personnummer: OTHER_NUMBER });
    assert.equal(outcome, 'filled');
    assert.deepEqual(await states(desk), ['duplicate superseded']);
    const event = await one(
      desk.db,
      `select source, member_id, message from audit.events where event = 'case_superseded'`,
    );
    assert.deepEqual(event, {
      source: 'vipps-login',
      member_id: kari.id,
      message: 'The numbers of the records changed.',
    });
  }));

test('a duplicate is obsolete when a coordinator gives the other record another number', () =>
  atTheDesk(async (desk) => {
    const { other } = await duplicate(desk);
    const person = { ...KARI, subject: 'other', phone: '+4790000077', email: 'o@example.org' };
    await desk.coordinator.call(
      'link_login',
      (await desk.callback.login({ ...person, given_name: 'Una', family_name: 'Li' })).observation_id,
      other.id,
      null,
    );
    assert.equal((await desk.callback.login({ ...person, personnummer: THIRD_NUMBER })).outcome, 'conflict');
    assert.equal((await desk.settle('accept_observed', 1)).state, 'resolved');
    assert.equal((await states(desk)).filter((state) => state === 'duplicate superseded').length, 1);
  }));

test('records are not merged for a number that the other one has no more', () =>
  atTheDesk(async (desk) => {
    const { kari, other } = await duplicate(desk);
    // As after a change that closed no case: by a DBA, or before cases were closed.
    await desk.db.pool.query(
      `update registry.members set personnummer_index = 'v1.else', personnummer_masked = '020250*****' where id = $1`,
      [other.id],
    );
    assert.equal((await desk.settle('merge_into')).code, 'evidence_changed');
    assert.equal((await record(desk.db, kari.id)).merged_into, null);
    assert.equal((await desk.settle('keep_existing')).state, 'resolved');
  }));

test('an index of another key version is the same number where the masked form is', () =>
  atTheDesk(async (desk) => {
    const { other } = await duplicate(desk);
    await desk.db.pool.query(`update registry.members set personnummer_index = 'v2.renewed' where id = $1`, [other.id]);
    assert.equal((await desk.settle('merge_into')).state, 'resolved');
  }));

test('a mismatch is obsolete when the record has no number any more', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    await addKari(db, callback);
    const stranger = { subject: 'second', phone: null, email: null, given_name: 'Una', family_name: 'Li' };
    const { observation_id } = await callback.login({ ...stranger, personnummer: NUMBER });
    const kari = await one(db, 'select id from registry.members');
    const { conflict_id } = await coordinator.call('link_login', observation_id, kari.id, null);
    assert.equal((await callback.login({ ...stranger, personnummer: OTHER_NUMBER })).outcome, 'conflict');
    assert.equal((await coordinator.call('undo_resolution', conflict_id, null)).state, 'open');
    assert.deepEqual(await states(desk), ['ambiguous open', 'mismatch superseded']);
  }));

test('without a legal basis a coordinator stores no number either', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const kari = await addKari(db, callback, { personnummer: NUMBER });
    await callback.login({ personnummer: OTHER_NUMBER });
    const empty = await addMember(db, callback.organization, { given_name: 'Una' });
    const { observation_id } = await callback.login({
      subject: 'una',
      phone: null,
      email: null,
      given_name: 'Una',
      personnummer: THIRD_NUMBER,
    });
    await db.pool.query('update registry.organizations set capture_basis = null');
    assert.equal((await settle('accept_observed')).code, 'capture_off');
    assert.equal((await coordinator.call('link_login', observation_id, empty.id, null)).linked, true);
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await record(db, empty.id)).personnummer_index, null);
  }));
