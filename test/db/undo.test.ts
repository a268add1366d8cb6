import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type ActingCallback, addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import type { TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk, eventsBy, record } from '../support/desk.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

test('undo: the old number comes back with a compensating push; refused when something newer depends on it, or late', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'mistake')).state, 'open');
    assert.equal((await record(db, kari.id)).personnummer_masked, '319261*****');
    assert.equal((await one(db, `select count(*)::int as n from sync.pushes where state = 'pending'`)).n, 1);
    assert.deepEqual(await eventsBy(db), [
      'number_accepted',
      'case_resolved',
      'push_superseded',
      'number_restored',
      'case_reopened',
    ]);
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'again')).code, 'not_resolved');

    await settle('accept_observed');
    await db.pool.query(
      `update registry.resolutions set decided_at = now() - interval '31 days' where undone_at is null`,
    );
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'late')).code, 'too_late');
    await db.pool.query(`update registry.resolutions set decided_at = now() where undone_at is null`);
    await db.pool.query(`update registry.members set given_name = 'Karoline'`);
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'newer')).code, 'newer_change');
  }));

test('who decided what, and why, stays when the decision is undone and another one is made', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const decide = async (decision: string, note: string) => {
      const [open] = await openCases();
      await coordinator.call('resolve_conflict', open?.id, decision, note, open?.version);
      return open?.id;
    };
    const id = await decide('keep_existing', 'asked her by phone');
    await coordinator.call('undo_resolution', id, 'the wrong Kari');
    await decide('accept_observed', 'seen the passport');
    const { rows } = await db.pool.query(
      'select decision, note, undo_note from registry.resolutions order by decided_at',
    );
    assert.deepEqual(rows, [
      { decision: 'keep_existing', note: 'asked her by phone', undo_note: 'the wrong Kari' },
      { decision: 'accept_observed', note: 'seen the passport', undo_note: null },
    ]);
  }));

test('two cases accepted one after the other: the later one stands, and the first cannot be undone over it', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    await callback.login({ personnummer: THIRD_NUMBER });
    const [first] = await openCases();
    await settle('accept_observed');
    await settle('accept_observed');
    assert.equal((await record(db, kari.id)).personnummer_masked, '088372*****');
    assert.equal((await coordinator.call('undo_resolution', first?.id, null)).code, 'newer_change');
  }));

test('a number that another member has cannot be accepted; the records are merged, and other cases closed', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback);
    const double = await addMember(db, callback.organization, {
      given_name: 'Kari',
      family_name: 'Nordmann',
      personnummer: NUMBER,
    });
    await callback.login({ personnummer: NUMBER });
    const [duplicate] = await openCases();
    assert.deepEqual(
      [duplicate?.kind, duplicate?.member_id, duplicate?.other_member_id],
      ['duplicate', kari.id, double.id],
    );
    assert.equal((await settle('accept_observed')).code, 'decision_not_applicable');
    assert.equal((await settle('merge_into')).state, 'resolved');
    assert.deepEqual(await openCases(), []);
    const again = await callback.login({ personnummer: NUMBER });
    assert.deepEqual([again.outcome, again.member_id], ['confirmed', double.id]);
    assert.equal(
      (await one(db, 'select count(*)::int as n from registry.observations where member_id = $1', [kari.id])).n,
      0,
    );
    const timeline = await db.pool.query('select event from audit.member_timeline($1)', [double.id]);
    assert.ok(timeline.rows.some(({ event }) => event === 'duplicate'));

    const undone = await coordinator.call('undo_resolution', duplicate?.id, 'they are two after all');
    assert.equal(undone.state, 'open');
    assert.equal((await record(db, kari.id)).merged_into, null);
    assert.equal((await one(db, 'select member_id from registry.identity_links')).member_id, kari.id);
    assert.equal(
      (await one(db, 'select count(*)::int as n from registry.observations where member_id = $1', [kari.id])).n,
      1,
    );
  }));

/** Kari's record, and one of the same person that has the number: logging in makes the case that can be merged. */
async function twoRecords({ db, callback }: { db: TestDatabase; callback: ActingCallback }) {
  const kari = await addKari(db, callback);
  const same = { given_name: 'Kari', family_name: 'Nordmann', phone: '+4790000066', email: 'k@example.org' };
  const double = await addMember(db, callback.organization, { ...same, personnummer: NUMBER });
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'duplicate');
  return { kari, double };
}

test('a case that names a merged record among its candidates is closed with the merge', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    await twoRecords({ db, callback });
    await callback.login({ subject: 'another', family_name: 'Hansen' });
    assert.deepEqual(
      (await openCases()).map(({ kind }) => kind),
      ['duplicate', 'name_mismatch'],
    );
    await settle('merge_into');
    assert.deepEqual(await openCases(), []);
  }));

test('a merged record has nothing more to say to the member system, and its failed push cannot be tried again', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    await addKari(db, callback);
    assert.equal((await callback.login({ personnummer: OTHER_NUMBER })).outcome, 'filled');
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    await addMember(db, callback.organization, { given_name: 'Kari', personnummer: NUMBER });
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'conflict');
    await settle('merge_into');
    assert.equal((await one(db, 'select state from sync.pushes where id = $1', [id])).state, 'superseded');
    await db.pool.query(`update sync.pushes set state = 'rejected', error_code = 'http_422' where id = $1`, [id]);
    assert.equal((await coordinator.call('retry_sync', id)).code, 'member_merged');
  }));

test('a merge brings a number along that the survivor lacks, and the undo brings it back; each changes each record once', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { kari, ola, moved } = await mergedWithNumber(desk);
    const versions = async () => [(await record(db, kari.id)).version, (await record(db, ola.id)).version];
    assert.deepEqual(await versions(), [2, 2]);
    assert.equal((await record(db, ola.id)).personnummer_masked, '319261*****');
    assert.equal(
      (await one(db, `select count(*)::int as n from sync.pushes where member_id = $1 and state = 'pending'`, [ola.id]))
        .n,
      1,
    );
    assert.equal((await coordinator.call('undo_resolution', moved?.id, null)).state, 'open');
    assert.deepEqual(await versions(), [3, 3]);
    assert.equal((await record(db, ola.id)).personnummer_masked, null);
    assert.equal((await record(db, kari.id)).personnummer_masked, '319261*****');
  }));

/** Kari's record, with a number, merged into Ola's, who has none and gets it by that. */
async function mergedWithNumber({ db, callback, settle, openCases }: Desk) {
  const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
  const ola = await addMember(db, callback.organization, { given_name: 'Ola' });
  await callback.login();
  await db.pool.query(
    `insert into registry.conflicts (organization_id, kind, member_id, other_member_id, observation_id, fingerprint)
     select organization_id, 'subject_moved', $1, $2, id, 'made for this test' from registry.observations`,
    [kari.id, ola.id],
  );
  const [moved] = await openCases();
  assert.equal((await settle('merge_into')).state, 'resolved');
  return { kari, ola, moved };
}

/** The survivor of a merge gets another number than came with it, in each way in which a record gets one. */
const NEWER_NUMBERS: Record<string, (desk: Desk, ola: string) => Promise<unknown>> = {
  'by a coordinator, who accepts a login': async ({ callback, settle }) => {
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'conflict');
    return settle('accept_observed');
  },
  'by an export': ({ db }, ola) =>
    db.pool.query(
      `update registry.members set personnummer_index = 'v1.newer', personnummer_masked = '010150*****', personnummer_source = 'import'
       where id = $1`,
      [ola],
    ),
  'by losing it': ({ db }, ola) =>
    db.pool.query(
      `update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
         personnummer_source = null, personnummer_at = null where id = $1`,
      [ola],
    ),
};
for (const [how, change] of Object.entries(NEWER_NUMBERS)) {
  test(`a merge is not undone once its survivor has got another number (${how}): it would be lost`, () =>
    atTheDesk(async (desk) => {
      const { db, coordinator } = desk;
      const { kari, ola, moved } = await mergedWithNumber(desk);
      await change(desk, ola.id);
      const before = [await record(db, kari.id), await record(db, ola.id)];
      assert.equal((await coordinator.call('undo_resolution', moved?.id, null)).code, 'newer_change');
      assert.deepEqual([await record(db, kari.id), await record(db, ola.id)], before);
    }));
}

test('the same number under the next index key is no other number: the merge can still be undone', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const { kari, ola, moved } = await mergedWithNumber(desk);
    const { personnummer_index } = await record(db, ola.id);
    const renewed = { personnummer_index: `v2.${'n'.repeat(43)}`, personnummer_index_previous: [personnummer_index] };
    assert.equal((await callback.login({ personnummer: OTHER_NUMBER, ...renewed })).outcome, 'confirmed');
    assert.equal((await record(db, ola.id)).personnummer_index, renewed.personnummer_index);
    assert.equal((await coordinator.call('undo_resolution', moved?.id, null)).state, 'open');
    assert.deepEqual(
      [(await record(db, kari.id)).personnummer_masked, (await record(db, ola.id)).personnummer_masked],
      ['319261*****', null],
    );
  }));

test('a push dropped by a merge is due again when the merge is undone', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const { kari } = await twoRecords({ db, callback });
    const [duplicate] = await openCases();
    await db.pool.query(
      `update registry.members set personnummer_index = 'v1.a', personnummer_sealed = 'a', personnummer_masked = '010150*****' where id = $1`,
      [kari.id],
    );
    await db.pool.query('select private.queue_push($1)', [kari.id]);
    await settle('merge_into');
    await coordinator.call('undo_resolution', duplicate?.id, null);
    const waiting = await one(
      db,
      `select personnummer_index from sync.pushes where member_id = $1 and state = 'pending'`,
      [kari.id],
    );
    assert.equal(waiting.personnummer_index, 'v1.a');
  }));

test('a login that nobody was told of is linked by a coordinator, and that can be undone', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const kari = await addKari(db, callback, { phone: '+4790000012', email: 'other@example.org' });
    const { observation_id, outcome } = await callback.login({ personnummer: NUMBER });
    assert.equal(outcome, 'unlinked');
    const linked = await coordinator.call('link_login', observation_id, kari.id, 'asked her');
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await coordinator.call('undo_resolution', linked.conflict_id, 'not her')).state, 'open');
    assert.equal((await record(db, kari.id)).personnummer_masked, null);
    assert.equal((await one(db, 'select count(*)::int as n from registry.identity_links')).n, 0);
  }));

test('undoing a merge leaves a case closed that has been opened anew since', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const { kari } = await twoRecords({ db, callback });
    const revoke = (issuedAt: number) =>
      callback.pool.query(
        `select login.record_revocation($1, 'vipps', 'subject-of-kari', 'CONSENT_REVOKED', $2, false)`,
        [callback.organization.slug, new Date(issuedAt)],
      );
    await revoke(Date.now() + 1_000);
    const duplicate = (await openCases()).find(({ kind }) => kind === 'duplicate');
    const merge = ['resolve_conflict', duplicate?.id, 'merge_into', null, duplicate?.version] as const;
    assert.equal((await coordinator.call(...merge)).state, 'resolved');
    await revoke(Date.now() + 2_000);
    assert.equal((await coordinator.call('undo_resolution', duplicate?.id, 'two after all')).state, 'open');
    assert.equal((await record(db, kari.id)).merged_into, null);
    const { rows } = await db.pool.query(
      'select kind, state, count(*)::int as n from registry.conflicts group by 1, 2',
    );
    assert.deepEqual(rows.map(({ kind, state, n }) => `${n} ${kind} ${state}`).toSorted(), [
      '1 consent_revoked open',
      '1 consent_revoked superseded',
      '1 duplicate open',
    ]);
  }));

test('what another session opens or takes during an undo is answered as newer, never as an error of the database', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    await using faster = await begin(db);
    await faster.query(
      `insert into registry.conflicts (organization_id, kind, fingerprint)
       select organization_id, 'member_system', fingerprint from registry.conflicts`,
    );
    const undone = coordinator.call('undo_resolution', conflict_id, 'at the same moment');
    await blocked(db, 1);
    await faster.query('commit');
    assert.equal((await undone).code, 'newer_change');
    assert.deepEqual((await eventsBy(db)).slice(-2), ['case_resolved', 'refused']);
  }));

test('a case about drift that was settled by sending ours has nothing to undo', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: NUMBER });
    const { personnummer_index } = await record(db, kari.id);
    await db.pool.query(`select worker.report_drift($1, $2, 'another', '{v1.aaa}', '018150*****', false)`, [
      kari.id,
      personnummer_index,
    ]);
    const [drift] = await openCases();
    assert.equal((await coordinator.call('retry_sync', null, null, null, drift?.id)).state, 'pending');
    assert.equal((await coordinator.call('undo_resolution', drift?.id, null)).code, 'not_resolved');
    assert.deepEqual(await openCases(), []);
  }));

test('a merge is not taken back while its survivor is merged into a third record: what went there would stay behind', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const kari = await addKari(db, callback);
    await addMember(db, callback.organization, { personnummer: NUMBER, given_name: 'Kari', family_name: 'Nordmann' });
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'duplicate');
    const first = (await settle('merge_into')).conflict_id;
    await addMember(db, callback.organization, { personnummer: OTHER_NUMBER });
    assert.equal((await callback.login({ personnummer: OTHER_NUMBER })).outcome, 'conflict');
    const second = (await settle('merge_into')).conflict_id;
    assert.equal((await coordinator.call('undo_resolution', first, null)).code, 'newer_change');
    assert.equal((await coordinator.call('undo_resolution', second, null)).state, 'open');
    assert.equal((await coordinator.call('undo_resolution', first, null)).state, 'open');
    assert.equal((await one(db, 'select member_id from registry.identity_links')).member_id, kari.id);
  }));

test('a decision about a record that was merged since is not taken back: nobody could be asked about it', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: THIRD_NUMBER });
    const kept = (await settle('keep_existing')).conflict_id;
    await addMember(db, callback.organization, { personnummer: NUMBER });
    await callback.login({ personnummer: NUMBER });
    const merged = (await settle('merge_into')).conflict_id;
    assert.equal((await coordinator.call('undo_resolution', kept, null)).code, 'newer_change');
    assert.deepEqual(await openCases(), []);
    assert.equal((await coordinator.call('undo_resolution', merged, null)).state, 'open');
    assert.equal((await coordinator.call('undo_resolution', kept, null)).state, 'open');
  }));

test('that a number was kept is not taken back once the record has the other one', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const kept = (await settle('keep_existing')).conflict_id;
    const { rows } = await db.pool.query('select personnummer_index as index from registry.observations');
    await db.pool.query('update registry.members set personnummer_index = $2 where id = $1', [kari.id, rows[0].index]);
    assert.equal((await coordinator.call('undo_resolution', kept, null)).code, 'newer_change');
    assert.deepEqual(await openCases(), []);
  }));

test('undoing a merge opens no case about a record that was merged into another since, nor one that is answered', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const kari = await addKari(db, callback);
    const second = await addMember(db, callback.organization, { personnummer: NUMBER });
    const third = await addMember(db, callback.organization);
    await callback.login({ personnummer: NUMBER });
    const [duplicate] = await openCases();
    // Two more cases that name Kari: one about the third record, which will be gone, and one that will have answered itself.
    const { rows } = await db.pool.query(
      `insert into registry.conflicts (organization_id, kind, member_id, other_member_id, fingerprint, detail)
       select organization_id, 'duplicate', id, $2, 'other ' || id, '{"import_run_id": "x"}' from registry.members where id = any ($1)
       returning id`,
      [[third.id, second.id], kari.id],
    );
    await db.pool.query(
      `insert into registry.offered_numbers (conflict_id, personnummer_index, personnummer_sealed, personnummer_masked)
       select id, 'v1.x', 'sealed', '010100*****' from registry.conflicts where fingerprint like 'other%'`,
    );
    await coordinator.call('resolve_conflict', duplicate?.id, 'merge_into', null, duplicate?.version);
    await db.pool.query('update registry.members set merged_into = $2 where id = $1', [third.id, second.id]);
    assert.equal((await coordinator.call('undo_resolution', duplicate?.id, null)).state, 'open');
    assert.deepEqual(
      (await openCases()).map(({ id }) => id),
      [duplicate?.id],
    );
    const reopened = await db.pool.query(
      `select from audit.events where event = 'case_reopened' and conflict_id = any ($1)`,
      [rows.map(({ id }) => id)],
    );
    assert.deepEqual([rows.length, reopened.rowCount], [2, 0], 'not even for a moment');
  }));

test('a record that was merged while it was compared with the member system is no difference', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    const kari = await addKari(db, callback);
    await addMember(db, callback.organization, { personnummer: NUMBER, given_name: 'Kari', family_name: 'Nordmann' });
    await callback.login({ personnummer: NUMBER });
    await settle('merge_into');
    const { rows } = await db.pool.query(
      `select worker.report_drift($1, null, 'another', '{v1.x}', '010100*****', false) as news`,
      [kari.id],
    );
    assert.deepEqual([rows[0].news, await openCases()], [false, []]);
  }));

test('a login that was excluded comes back, but nothing is asked once the record has the number that was in question', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const excluded = (await settle('not_same_person')).conflict_id;
    const { rows } = await db.pool.query('select personnummer_index as index from registry.observations');
    await db.pool.query('update registry.members set personnummer_index = $2 where id = $1', [kari.id, rows[0].index]);
    assert.equal((await coordinator.call('undo_resolution', excluded, null)).state, 'superseded');
    assert.deepEqual(await openCases(), []);
    assert.equal((await one(db, 'select member_id from registry.identity_links')).member_id, kari.id);
    assert.deepEqual((await eventsBy(db)).slice(-2), ['case_reopened', 'case_superseded']);
  }));
