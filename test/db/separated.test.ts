import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { until } from '../support/until.ts';
import { begin } from '../support/waiting.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;
const UNA = { given_name: 'Una', family_name: 'Li', birth_date: null, phone: null, email: null };

/** Una's login brings Kari's number; then Kari's record is merged into another one, which closes the case about Una. */
async function mergedMeanwhile({ db, callback, settle, openCases }: Desk) {
  await addKari(db, callback, { personnummer: NUMBER });
  await addMember(db, callback.organization, { given_name: 'Kari', personnummer: OTHER_NUMBER });
  const una = await addMember(db, callback.organization, { ...UNA, personnummer: THIRD_NUMBER });
  assert.equal((await callback.login({ ...UNA, subject: 'una', personnummer: THIRD_NUMBER })).outcome, 'confirmed');
  assert.equal((await callback.login({ ...UNA, subject: 'una', personnummer: NUMBER })).outcome, 'conflict');
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'confirmed');
  assert.equal((await callback.login({ personnummer: OTHER_NUMBER })).outcome, 'conflict');
  const merge = (await settle('merge_into', 1)).conflict_id;
  assert.deepEqual(await openCases(), []);
  return { una, merge };
}

test('undoing a merge asks nothing about somebody whose number is changing at this moment', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator, openCases } = desk;
    const { una, merge } = await mergedMeanwhile(desk);
    await using faster = await begin(db);
    await faster.query(
      `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
         personnummer_source = null, personnummer_at = null where id = $1`,
      [una.id],
    );
    await faster.query(
      `select private.close_obsolete_cases(organization_id, array[id], 'coordinator') from registry.members where id = $1`,
      [una.id],
    );
    const undone = coordinator.call('undo_resolution', merge, null);
    await blocked(db, 1);
    await faster.query('commit');
    assert.equal((await undone).state, 'open');
    assert.deepEqual(
      (await openCases()).map(({ id }) => id),
      [merge],
    );
  }));

test("undoing a merge asks nothing that was asked anew, or settled, while the number was nobody else's", () =>
  atTheDesk(async (desk) => {
    const { callback, coordinator, openCases, settle } = desk;
    const { una, merge } = await mergedMeanwhile(desk);
    await callback.login({ ...UNA, subject: 'una', personnummer: NUMBER });
    assert.equal((await coordinator.call('undo_resolution', merge, null)).state, 'open');
    const about = async () => (await openCases()).filter(({ member_id }) => member_id === una.id).length;
    assert.equal(await about(), 1);
    const again = (await openCases()).findIndex(({ id }) => id === merge);
    await settle('merge_into', again);
    await callback.login({ ...UNA, subject: 'una', personnummer: NUMBER });
    await settle('keep_existing');
    assert.equal((await coordinator.call('undo_resolution', merge, null)).state, 'open');
    assert.equal(await about(), 0);
  }));

test('a merge outweighs that its login was found not to be the survivor, until it is undone', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const kari = await addKari(db, callback);
    const double = await addMember(db, callback.organization, { given_name: 'Kari', personnummer: NUMBER });
    await callback.login();
    await db.pool.query(
      `insert into registry.excluded_links (organization_id, issuer, subject, member_id)
       select organization_id, issuer, subject, $1 from registry.identity_links`,
      [double.id],
    );
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'duplicate');
    const merge = (await settle('merge_into')).conflict_id;
    const known = () =>
      one(
        db,
        `select (select json_agg(member_id) from registry.identity_links) as linked,
                (select json_agg(member_id) from registry.excluded_links) as excluded`,
      );
    assert.deepEqual(await known(), { linked: [double.id], excluded: null });
    assert.equal((await coordinator.call('undo_resolution', merge, null)).state, 'open');
    assert.deepEqual(await known(), { linked: [kari.id], excluded: [double.id] });
  }));

test('a withdrawal whose link is merged away waits for the survivor only', () =>
  atTheDesk(async ({ db, callback }) => {
    const kari = await addKari(db, callback, { personnummer: NUMBER });
    const double = await addMember(db, callback.organization, { given_name: 'Kari' });
    await callback.login({ personnummer: NUMBER });
    const lock = 'select from registry.members where id = $1 for no key update';
    await using survivor = await begin(db);
    await survivor.query(lock, [double.id]);
    await using merge = await begin(db);
    await merge.query(lock, [kari.id]);
    await merge.query('update registry.identity_links set member_id = $1', [double.id]);
    const revoked = callback.pool.query(
      `select login.record_revocation($1, 'vipps', 'subject-of-kari', 'CONSENT_REVOKED', $2, false)`,
      [callback.organization.slug, new Date(Date.now() + 1_000)],
    );
    await blocked(db, 1);
    await merge.query('commit');
    const waits = `select from pg_locks as waiting join pg_locks as holder using (transactionid)
      where not waiting.granted and holder.granted and holder.pid = $1`;
    const { rows } = await survivor.query('select pg_backend_pid() as pid');
    await until('it waits for the survivor', async () => (await db.pool.query(waits, [rows[0].pid])).rowCount === 1);
    assert.equal((await db.pool.query(`${lock} nowait`, [kari.id])).rowCount, 1);
    await survivor.query('commit');
    await revoked;
    assert.equal((await one(db, 'select member_id from registry.conflicts')).member_id, double.id);
  }));
