import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { atTheDesk, type Desk, record } from '../support/desk.ts';
import { revoke } from '../support/revoke.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';

// Between a login and its decision, or a coordinator's, something may take away the right to store the number.

const [NUMBER] = sampleNumbers;

/** A login that could not be decided, because somebody held the record. */
async function deferred({ db, callback }: Desk, memberId: string) {
  await using held = await begin(db);
  await held.query('select from registry.members where id = $1 for update', [memberId]);
  const { observation_id, outcome } = await callback.login({ personnummer: NUMBER });
  assert.equal(outcome, 'deferred');
  return observation_id;
}

const process = async ({ db }: Desk, id: string) => {
  await db.pool.query('select worker.process_observation($1)', [id]);
  return one(
    db,
    'select outcome, absent_reason, personnummer_index, personnummer_sealed, personnummer_masked from registry.observations where id = $1',
    [id],
  );
};
const without = { personnummer_index: null, personnummer_sealed: null, personnummer_masked: null };

test('a login that was put off is decided without its number where capturing was switched off since', () =>
  atTheDesk(async (desk) => {
    const kari = await addKari(desk.db, desk.callback);
    const id = await deferred(desk, kari.id);
    await desk.db.pool.query('update registry.organizations set capture_basis = null');
    assert.deepEqual(await process(desk, id), { outcome: 'absent', absent_reason: 'capture_off', ...without });
    assert.equal((await record(desk.db, kari.id)).personnummer_masked, null);
    assert.equal((await one(desk.db, 'select member_id from registry.identity_links')).member_id, kari.id);
  }));

for (const linked of [true, false]) {
  test(`a login that was put off is decided without its number where consent was withdrawn since (${linked ? 'linked before' : 'the first login'})`, () =>
    atTheDesk(async (desk) => {
      const kari = await addKari(desk.db, desk.callback);
      if (linked) await desk.callback.login({ absent_reason: 'not_given' });
      const id = await deferred(desk, kari.id);
      await revoke(desk.callback);
      assert.deepEqual(await process(desk, id), { outcome: 'absent', absent_reason: 'not_consented', ...without });
      assert.equal((await record(desk.db, kari.id)).personnummer_masked, null);
      assert.equal((await one(desk.db, 'select count(*)::int as n from sync.pushes')).n, 0);
      const later = await desk.callback.login({ personnummer: NUMBER, authenticated_at: new Date(Date.now() + 2_000) });
      assert.equal(later.outcome, 'filled');
    }));
}

test('a login that a coordinator links after consent was withdrawn brings no number along', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const member = await addMember(db, callback.organization, { given_name: 'Kari', family_name: 'Nordmann' });
    const { observation_id, outcome } = await callback.login({ personnummer: NUMBER });
    assert.equal(outcome, 'unlinked');
    await revoke(callback);
    assert.equal((await coordinator.call('link_login', observation_id, member.id, null)).linked, true);
    assert.equal((await record(db, member.id)).personnummer_masked, null);
  }));

for (const [what, late, event] of [
  ['that came too late', true, 'CONSENT_REVOKED'],
  ['of another kind', false, 'SOMETHING_NEW'],
] as const) {
  test(`a message ${what} takes nothing from a login that is decided after it`, () =>
    atTheDesk(async (desk) => {
      const kari = await addKari(desk.db, desk.callback);
      const id = await deferred(desk, kari.id);
      await desk.callback.pool.query(`select login.record_revocation($1, 'vipps', 'subject-of-kari', $2, $3, $4)`, [
        desk.callback.organization.slug,
        event,
        new Date(Date.now() + 1_000),
        late,
      ]);
      assert.equal((await process(desk, id)).outcome, 'filled');
    }));
}
