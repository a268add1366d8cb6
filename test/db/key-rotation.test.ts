import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'vitest';
import { type ActingCallback, addKari, one } from '../support/acting-callback.ts';
import type { TestDatabase } from '../support/database.ts';
import { atTheDesk, record } from '../support/desk.ts';
import { pushWorker, unavailable } from '../support/push-worker.ts';
import { addMember, type Organization, sampleNumbers, sealNumber } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

/** A number as a callback hands it over that knows these versions of the index secret, the one that writes first. */
async function sealedUnder(versions: string[], number: string, organization: Organization) {
  const sealed = await sealNumber(number, organization);
  const [current, ...previous] = versions.map((version) =>
    version === 'v1'
      ? sealed.personnummer_index
      : `${version}.${createHash('sha256').update(`${version} ${number}`).digest('base64url')}`,
  );
  return { ...sealed, personnummer_index: current as string, personnummer_index_previous: previous };
}
/** Each callback of a rotation: before it, with both versions, still with the old one, after it. */
const ROTATION = [['v1'], ['v2', 'v1'], ['v1'], ['v2', 'v1'], ['v2'], ['v3', 'v2'], ['v3']];

for (const decision of ['keep_existing', 'not_same_person'] as const) {
  test(`a disagreement that was settled (${decision}) does not come back while the index key turns over, twice`, () =>
    atTheDesk(async ({ db, callback, settle, openCases }) => {
      const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
      const [first, ...later] = ROTATION;
      await callback.login(await sealedUnder(first as string[], NUMBER, callback.organization));
      await settle(decision);
      for (const versions of later) {
        if (decision === 'not_same_person') await link(db, callback, kari.id); // as if a coordinator had linked it again
        const login = await callback.login(await sealedUnder(versions, NUMBER, callback.organization));
        assert.equal(login.outcome, 'conflict', versions.join());
        assert.deepEqual(await openCases(), [], versions.join());
      }
      assert.equal((await one(db, 'select seen from registry.conflicts')).seen, ROTATION.length);
      await link(db, callback, kari.id);
      await callback.login(await sealedUnder(['v3'], THIRD_NUMBER, callback.organization));
      assert.equal((await openCases()).length, 1, 'another number is another disagreement');
    }));
}

const link = (db: TestDatabase, { organization }: ActingCallback, memberId: string) =>
  db.pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     values ($1, 'https://provider.example/access-management-1.0/access/', 'subject-of-kari', $2, 'vipps', 'coordinator')
     on conflict do nothing`,
    [organization.id, memberId],
  );

test('one that is open stays one case while the key turns over, and what is accepted in the end is under the new key', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    for (const versions of ROTATION) await callback.login(await sealedUnder(versions, NUMBER, callback.organization));
    assert.equal((await openCases()).length, 1);
    assert.equal((await settle('accept_observed')).state, 'resolved');
    const { personnummer_index } = await sealedUnder(['v3'], NUMBER, callback.organization);
    assert.equal((await record(db, kari.id)).personnummer_index, personnummer_index);
    const after = await callback.login(await sealedUnder(['v3'], NUMBER, callback.organization));
    assert.deepEqual([after.outcome, await openCases()], ['confirmed', []]);
  }));

test('a number that somebody else got under the next key is found when a decision would bring it back', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    const other = await sealedUnder(['v2'], OTHER_NUMBER, callback.organization);
    const { personnummer_index_previous, ...forms } = other;
    await addMember(db, callback.organization, forms);
    assert.equal((await coordinator.call('undo_resolution', conflict_id, null)).code, 'newer_change');
    const { rows } = await db.pool.query(`select id from registry.members where personnummer_masked = '319261*****'`);
    assert.equal(rows.length, 1);
  }));

test('two members whose logins bring the same disputed number have a case each', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    const contact = { given_name: 'Ola', family_name: 'Hansen', birth_date: null };
    const reached = { phone: '+4790000077', email: 'ola@example.org' };
    const ola = await addMember(db, callback.organization, { ...contact, ...reached, personnummer: THIRD_NUMBER });
    await callback.login({ personnummer: NUMBER });
    await callback.login({ ...contact, ...reached, subject: 'subject-of-ola', personnummer: NUMBER });
    const members = (await openCases()).map(({ kind, member_id }) => `${kind} ${member_id}`);
    assert.deepEqual(members.toSorted(), [`mismatch ${kari.id}`, `mismatch ${ola.id}`].toSorted());
    await settle('keep_existing');
    assert.equal((await openCases()).length, 1, 'the decision about one says nothing of the other');
    await callback.login({ personnummer: NUMBER });
    await callback.login({ ...contact, ...reached, subject: 'subject-of-ola', personnummer: NUMBER });
    assert.equal((await openCases()).length, 1);
    await settle('keep_existing');
    const { rows } = await db.pool.query('select member_id, seen from registry.conflicts order by seen');
    assert.deepEqual(
      rows.map(({ seen }) => seen),
      [2, 2],
    );
  }));

test('a push that was given up survives the rotation of the index key: it is still tried daily, and its case stays', () =>
  atTheDesk(async ({ db, callback, openCases }) => {
    await addKari(db, callback);
    const sealed = await sealNumber(NUMBER, callback.organization);
    await callback.login(sealed);
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const { attempt, claim } = pushWorker(db);
    assert.equal(await attempt(id, { ...unavailable, final: true }), 'given_up');
    const index = `v2.${'n'.repeat(43)}`;
    const previous = [sealed.personnummer_index];
    const login = { ...sealed, personnummer_index: index, personnummer_index_previous: previous };
    assert.equal((await callback.login(login)).outcome, 'confirmed');
    assert.deepEqual(await one(db, 'select state, personnummer_index from sync.pushes'), {
      state: 'given_up',
      personnummer_index: index,
    });
    await db.pool.query('update sync.pushes set next_attempt_at = now()');
    assert.equal((await claim(id)).personnummer_index, index);
    assert.deepEqual(
      (await openCases()).map(({ kind }) => kind),
      ['push_failed'],
    );
  }));

test('a difference that was settled by leaving theirs does not come back under the next index key', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: NUMBER });
    const recorded = (await record(db, kari.id)).personnummer_index;
    const report = (...live: string[]) =>
      db.pool.query(`select worker.report_drift($1, $2, 'another', $3, '018150*****', false)`, [
        kari.id,
        recorded,
        live,
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

test('a login that a coordinator links does not bring a number that another member has under the older key', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const kari = await addKari(db, callback);
    await addMember(db, callback.organization, { personnummer: NUMBER, merged_into: null, given_name: 'Ola' });
    const stranger = {
      subject: 'stranger',
      phone: '+4790000055',
      email: 'x@example.org',
      given_name: 'Per',
      family_name: 'Berg',
    };
    const { observation_id, outcome } = await callback.login({
      ...stranger,
      ...(await sealedUnder(['v2', 'v1'], NUMBER, callback.organization)),
    });
    assert.equal(outcome, 'name_mismatch');
    assert.equal((await coordinator.call('link_login', observation_id, kari.id, null)).linked, true);
    assert.equal((await record(db, kari.id)).personnummer_index, null);
  }));
