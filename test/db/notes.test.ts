import assert from 'node:assert/strict';
import { test } from 'vitest';
import { atTheDesk } from '../support/desk.ts';
import { addKari, one } from '../support/door.ts';
import { addMember, decoyNumber, sampleNumbers } from '../support/samples.ts';

// Coordinators write notes, and nothing but a rule keeps a number out of them.

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/** A number that no member has: the database's log is searched for those of members in the end, and holds what it is called with. */
const [DATE, REST] = [decoyNumber.slice(0, 6), decoyNumber.slice(6)];
const PAIRS = DATE.match(/../g) ?? [];
const WITH_A_NUMBER = [
  ...[decoyNumber, `She said ${DATE} ${REST}.`, `${DATE}-${REST}`, `${PAIRS.join('.')} ${REST}`, `nr${decoyNumber}`],
  ...[`${PAIRS.join(' ')} ${REST.slice(0, 3)} ${REST.slice(3)}`, `${DATE} - ${REST}, on the phone`, `${DATE}\n${REST}`],
];
const WITHOUT = [
  ...['called her on +47 90 00 00 01 and 22 11 33 44', 'on 22.11.2026 at 12.30', '018150*****', 'NHF-1030', ''],
  ...['01a2030d-2bdf-787a-b637-a43d0d92e972', `case ${decoyNumber}0 of ours`, '+47 900 00 001'],
];

test('a note that may hold a personnummer is refused, with every decision, and nothing has changed', () =>
  atTheDesk(async ({ db, door, coordinator, openCases }) => {
    await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const [found] = await openCases();
    for (const note of WITH_A_NUMBER) {
      const reply = await coordinator.call('resolve_conflict', found?.id, 'keep_existing', note, found?.version);
      assert.equal(reply.code, 'number_in_note', note);
    }
    assert.deepEqual(await openCases(), [found]);
    await coordinator.call('resolve_conflict', found?.id, 'keep_existing', 'seen the papers', found?.version);
    assert.equal((await coordinator.call('undo_resolution', found?.id, decoyNumber)).code, 'number_in_note');
    assert.equal((await coordinator.call('undo_resolution', found?.id, 'not she')).state, 'open');
  }));

test('so is one that is too long to be stored', () =>
  atTheDesk(async ({ db, door, coordinator, openCases }) => {
    await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const [found] = await openCases();
    const decide = (length: number) =>
      coordinator.call('resolve_conflict', found?.id, 'keep_existing', 'æ'.repeat(length), found?.version);
    assert.equal((await decide(4001)).code, 'note_too_long');
    assert.equal((await decide(4000)).state, 'resolved');
    assert.equal((await coordinator.call('undo_resolution', found?.id, 'x'.repeat(4001))).code, 'note_too_long');
  }));

test('neither is stored with a login that is linked', () =>
  atTheDesk(async ({ db, door, coordinator }) => {
    const { observation_id } = await door.login({ personnummer: NUMBER });
    const member = await addMember(db, door.organization);
    const reply = await coordinator.call('link_login', observation_id, member.id, `it is ${decoyNumber}`);
    assert.equal(reply.code, 'number_in_note');
    const long = await coordinator.call('link_login', observation_id, member.id, 'x'.repeat(4001));
    assert.equal(long.code, 'note_too_long');
    assert.equal((await coordinator.call('link_login', observation_id, member.id, null)).linked, true);
  }));

test('dates, phone numbers and ids are no personnummer', () =>
  atTheDesk(async ({ db }) => {
    for (const note of [...WITHOUT, null]) {
      assert.equal((await one(db, 'select private.why_not_note($1) as code', [note])).code, null, note ?? 'null');
    }
  }));
