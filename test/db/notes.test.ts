import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atTheDesk } from '../support/desk.ts';
import { addKari, one } from '../support/door.ts';
import { addMember, decoyNumber, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
const spaced = `${decoyNumber.slice(0, 6)} ${decoyNumber.slice(6)}`;
const unusable = ['x'.repeat(4001), `she says ${decoyNumber}`, `it is ${spaced}.`];

test('a note that is too long, or holds a personnummer, is refused by its name, and nothing is decided', () =>
  atTheDesk(async ({ db, door, coordinator, openCases }) => {
    await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const [open] = await openCases();
    for (const note of unusable) {
      const reply = await coordinator.call('resolve_conflict', open?.id, 'keep_existing', note, open?.version);
      assert.equal(reply.code, 'note_unusable');
    }
    const fits = 'x'.repeat(4000);
    assert.equal(
      (await coordinator.call('resolve_conflict', open?.id, 'keep_existing', fits, open?.version)).state,
      'resolved',
    );
    for (const note of unusable)
      assert.equal((await coordinator.call('undo_resolution', open?.id, note)).code, 'note_unusable');
    assert.equal((await coordinator.call('undo_resolution', open?.id, fits)).state, 'open');
  }));

test('nor can a login be linked with such a note', () =>
  atTheDesk(async ({ db, door, coordinator }) => {
    const member = await addMember(db, door.organization);
    const { observation_id } = await door.login({ absent_reason: 'not_given' });
    for (const note of unusable) {
      assert.equal((await coordinator.call('link_login', observation_id, member.id, note)).code, 'note_unusable');
    }
    assert.equal((await one(db, 'select count(*)::int as n from registry.identity_links')).n, 0);
  }));
