import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addKari, type Door, one, openDoor } from '../support/door.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

type Case = {
  id: string;
  version: number;
  kind: string;
  member_id: string;
  other_member_id: string;
  candidates: string[];
};
type Desk = {
  db: TestDatabase;
  door: Door;
  coordinator: Coordinator;
  openCases(): Promise<Case[]>;
  settle(decision: string, nth?: number): Promise<Record<string, unknown>>;
};

/** A coordinator at work in an organisation of her own. */
async function atTheDesk(action: (desk: Desk) => Promise<void>) {
  await using db = await createTestDatabase();
  await using door = await openDoor(db);
  await using coordinator = await becomeCoordinator(db, door.organization);
  const openCases = () => coordinator.query<Case>('select * from api.open_conflicts order by opened_at, id');
  const settle = async (decision: string, nth = 0) => {
    const found = (await openCases())[nth] as Case;
    return coordinator.call('resolve_conflict', found.id, decision, 'seen the papers', found.version);
  };
  await action({ db, door, coordinator, openCases, settle });
}

const record = (db: TestDatabase, id: string) => one(db, 'select * from registry.members where id = $1', [id]);
const events = async (db: TestDatabase, actor = 'coordinator:%') =>
  (await db.pool.query('select event from audit.events where actor like $1 order by id', [actor])).rows.map(
    (row) => row.event,
  );

test('accept_observed: the record takes the number, the push is queued, the coordinator is the actor', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const reply = await settle('accept_observed');
    assert.deepEqual([reply.state, reply.decision, reply.version], ['resolved', 'accept_observed', 2]);
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await one(db, 'select state from sync.pushes')).state, 'pending');
    assert.deepEqual(await events(db), ['number_accepted', 'case_resolved']);
    assert.equal(
      (await one(db, `select actor from audit.events where event = 'case_resolved'`)).actor,
      `coordinator:${coordinator.userId}`,
    );
    assert.deepEqual(await openCases(), []);
    assert.equal((await door.login({ personnummer: NUMBER })).outcome, 'confirmed');
  }));

test('keep_existing: the same disagreement is known from then on; a new, different number is a new case', () =>
  atTheDesk(async ({ db, door, settle, openCases }) => {
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    await settle('keep_existing');
    assert.equal((await record(db, kari.id)).version, 1);
    assert.equal((await door.login({ personnummer: NUMBER })).outcome, 'conflict');
    assert.deepEqual(await openCases(), []);
    const last = await one(db, `select detail from audit.events where event = 'conflict' order by id desc limit 1`);
    assert.equal(last.detail.known, true);
    await door.login({ personnummer: THIRD_NUMBER });
    assert.equal((await openCases()).length, 1);
  }));

test('not_same_person: the login is parted from the member for good, and its sessions end', () =>
  atTheDesk(async ({ db, door, settle }) => {
    await addKari(db, door, { personnummer: OTHER_NUMBER });
    const { observation_id } = await door.login({ personnummer: NUMBER });
    await door.pool.query(
      `select login.open_session($1, sha256('code'), repeat('x', 43), 'https://app.example/return')`,
      [observation_id],
    );
    await settle('not_same_person');
    assert.equal((await one(db, 'select count(*)::int as n from registry.identity_links')).n, 0);
    assert.equal((await one(db, 'select end_reason from registry.sessions')).end_reason, 'link_removed');
    const again = await door.login({ personnummer: NUMBER });
    assert.deepEqual([again.outcome, again.member_id], ['unlinked', null]);
  }));

test('a number that another member has cannot be accepted; the records are merged, and other cases closed', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    const kari = await addKari(db, door);
    const double = await addMember(db, door.organization, {
      given_name: 'Kari',
      family_name: 'Nordmann',
      personnummer: NUMBER,
    });
    await door.login({ personnummer: NUMBER });
    const [duplicate] = await openCases();
    assert.deepEqual(
      [duplicate?.kind, duplicate?.member_id, duplicate?.other_member_id],
      ['duplicate', kari.id, double.id],
    );
    assert.equal((await settle('accept_observed')).code, 'decision_not_applicable');
    assert.equal((await settle('merge_into')).state, 'resolved');
    assert.deepEqual(await openCases(), []);
    const again = await door.login({ personnummer: NUMBER });
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

test('a mismatch whose number another member has: accepting is refused with a reason', () =>
  atTheDesk(async ({ db, door, settle }) => {
    await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login();
    await addMember(db, door.organization, { personnummer: NUMBER });
    assert.equal((await door.login({ personnummer: NUMBER })).outcome, 'conflict');
    assert.equal((await settle('accept_observed')).code, 'number_taken');
  }));

test('name_mismatch accepted: the login is linked and the missing number filled', () =>
  atTheDesk(async ({ db, door, settle, coordinator }) => {
    const kari = await addKari(db, door);
    const married = { personnummer: NUMBER, family_name: 'Hansen' };
    assert.equal((await door.login(married)).outcome, 'name_mismatch');
    const reply = await settle('accept_observed');
    assert.deepEqual(await events(db), ['linked', 'number_accepted', 'case_resolved']);
    assert.equal((await door.login(married)).outcome, 'confirmed');
    const undone = await coordinator.call('undo_resolution', reply.conflict_id, 'not her');
    assert.equal(undone.state, 'open');
    const member = await record(db, kari.id);
    assert.deepEqual([member.personnummer_index, member.personnummer_source], [null, null]);
    const push = await one(db, `select personnummer_index from sync.pushes where state = 'pending'`);
    assert.equal(push.personnummer_index, null, 'the compensating push takes the number away again');
    assert.equal((await door.login(married)).outcome, 'name_mismatch');
  }));

test('ambiguous: none of them, remembered; or the one the coordinator links', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    const [first] = [await addKari(db, door), await addKari(db, door)];
    const { observation_id } = await door.login({ personnummer: NUMBER });
    assert.equal((await settle('accept_observed')).code, 'decision_not_applicable');
    const linked = await coordinator.call('link_login', observation_id, first?.id, 'asked her');
    assert.equal(linked.linked, true);
    assert.deepEqual(await openCases(), []);
    const again = await door.login({ personnummer: NUMBER });
    assert.deepEqual([again.outcome, again.member_id], ['confirmed', first?.id]);
    assert.equal((await coordinator.call('link_login', observation_id, first?.id, null)).code, 'already_linked');

    const stranger = { subject: 'stranger', personnummer: OTHER_NUMBER };
    assert.equal((await door.login(stranger)).outcome, 'ambiguous');
    await settle('not_same_person');
    assert.equal((await door.login(stranger)).outcome, 'unlinked');
  }));

async function sessionOf(db: TestDatabase, door: Door, login: Record<string, unknown>) {
  const { observation_id } = await door.login(login);
  const code = randomUUID();
  await door.pool.query(
    `select login.open_session($1, sha256($2::text::bytea), repeat('x', 43), 'https://app.example/return')`,
    [observation_id, code],
  );
  await door.pool.query(
    `select login.redeem_code(sha256($1::text::bytea), repeat('x', 43), sha256(gen_random_uuid()::text::bytea))`,
    [code],
  );
  return (await one<{ id: string }>(db, 'select id from registry.sessions where observation_id = $1', [observation_id]))
    .id;
}

test('explicit linking: the login is theirs, also where the ladder would have said ambiguous', () =>
  atTheDesk(async ({ db, door }) => {
    const kari = await addKari(db, door, { phone: '+4790000077' });
    await db.pool.query(
      `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, rung)
       values ($1, 'https://provider.example/access-management-1.0/access/', 'old-login', $2, 'vipps', 'coordinator')`,
      [door.organization.id, kari.id],
    );
    const session = await sessionOf(db, door, { subject: 'old-login' });
    assert.equal((await door.login({ subject: 'new-login' })).outcome, 'ambiguous');
    const linked = await door.login({ subject: 'new-login', link_session_id: session, personnummer: NUMBER });
    assert.deepEqual([linked.outcome, linked.member_id], ['filled', kari.id]);
    assert.equal(
      (await one(db, `select rung from registry.identity_links where subject = 'new-login'`)).rung,
      'explicit',
    );
    await db.pool.query(`update registry.sessions set ended_at = now(), end_reason = 'expired'`);
    assert.equal((await door.login({ subject: 'third-login', link_session_id: session })).outcome, 'ambiguous');
  }));

test('a login linked to somebody else is a case, never moved silently; a coordinator moves it, and can move it back', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    const kari = await addKari(db, door);
    const ola = await addMember(db, door.organization, {
      given_name: 'Ola',
      phone: '+4790000055',
      email: 'ola@example.org',
    });
    const session = await sessionOf(db, door, {
      subject: 'olas',
      given_name: 'Ola',
      family_name: null,
      birth_date: null,
      phone: '+4790000055',
      email: 'ola@example.org',
    });
    await door.login({ subject: 'karis' });
    const answer = await door.login({ subject: 'karis', link_session_id: session });
    assert.deepEqual([answer.outcome, answer.member_id], ['ambiguous', null]);
    const [moved] = await openCases();
    assert.deepEqual([moved?.kind, moved?.member_id, moved?.other_member_id], ['subject_moved', ola.id, kari.id]);
    const holder = async () =>
      (await one(db, `select member_id from registry.identity_links where subject = 'karis'`)).member_id;
    assert.equal(await holder(), kari.id);
    await settle('accept_observed');
    assert.equal(await holder(), ola.id);
    await coordinator.call('undo_resolution', moved?.id, 'wrong');
    assert.equal(await holder(), kari.id);
  }));

test('undo: the old number comes back with a compensating push; refused when something newer depends on it, or late', () =>
  atTheDesk(async ({ db, door, coordinator, settle }) => {
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'mistake')).state, 'open');
    assert.equal((await record(db, kari.id)).personnummer_masked, '319261*****');
    assert.equal((await one(db, `select count(*)::int as n from sync.pushes where state = 'pending'`)).n, 1);
    assert.deepEqual(await events(db), [
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

test('a stale version, a settled case, an unknown decision, an unknown id: refused, and the refusal is audited', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const [open] = await openCases();
    const resolve = (...rest: unknown[]) => coordinator.call('resolve_conflict', open?.id, ...rest);
    assert.equal((await resolve('keep_existing', null, 7)).code, 'stale_version');
    assert.equal((await resolve('keep_existing', null, null)).code, 'stale_version');
    assert.equal((await resolve('forget', null, 1)).code, 'unknown_decision');
    assert.equal((await resolve(null, null, 1)).code, 'unknown_decision');
    assert.equal((await resolve('merge_into', null, 1)).code, 'decision_not_applicable');
    assert.equal(
      (await coordinator.call('resolve_conflict', randomUUID(), 'keep_existing', null, 1)).code,
      'not_found',
    );
    await settle('keep_existing');
    assert.equal((await resolve('keep_existing', null, 2)).code, 'not_open');
    const { rows } = await db.pool.query(
      `select detail ->> 'code' as code from audit.events where event = 'refused' order by id`,
    );
    assert.deepEqual(
      rows.map(({ code }) => code),
      [
        'stale_version',
        'stale_version',
        'unknown_decision',
        'unknown_decision',
        'decision_not_applicable',
        'not_found',
        'not_open',
      ],
    );
  }));

test('two coordinators settle the same case at once: one decides, the other is told so', () =>
  atTheDesk(async ({ db, door, coordinator, openCases }) => {
    await using colleague = await becomeCoordinator(db, door.organization);
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    for (let round = 0; round < 10; round += 1) {
      await door.login({ personnummer: sampleNumbers[2 + (round % 9)] as string, subject: 'subject-of-kari' });
      const [open] = await openCases();
      const replies = await Promise.all([
        coordinator.call('resolve_conflict', open?.id, 'keep_existing', null, open?.version),
        colleague.call('resolve_conflict', open?.id, 'accept_observed', null, open?.version),
      ]);
      assert.deepEqual(replies.map((reply) => reply.code ?? reply.state).sort(), ['resolved', 'stale_version']);
      if (round % 9 === 8) break;
    }
    assert.equal(
      (await one(db, 'select count(*)::int as n from registry.conflicts where member_id = $1', [kari.id])).n,
      9,
    );
  }));

test('a coordinator settles while the member logs in: one after the other, no deadlock, one truth', () =>
  atTheDesk(async ({ db, door, coordinator, openCases }) => {
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    const [open] = await openCases();
    const [, ...logins] = await Promise.all([
      coordinator.call('resolve_conflict', open?.id, 'accept_observed', null, open?.version),
      ...Array.from({ length: 8 }, () => door.login({ personnummer: NUMBER })),
    ]);
    for (const { outcome } of logins) assert.ok(['conflict', 'confirmed'].includes(outcome), outcome);
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await door.login({ personnummer: NUMBER })).outcome, 'confirmed');
  }));

test('two cases accepted one after the other: the later one stands, and the first cannot be undone over it', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    await door.login({ personnummer: NUMBER });
    await door.login({ personnummer: THIRD_NUMBER });
    const [first] = await openCases();
    await settle('accept_observed');
    await settle('accept_observed');
    assert.equal((await record(db, kari.id)).personnummer_masked, '088372*****');
    assert.equal((await coordinator.call('undo_resolution', first?.id, null)).code, 'newer_change');
  }));

test('a mismatch is classified without showing the numbers', () =>
  atTheDesk(async ({ db, door, coordinator }) => {
    await addKari(db, door, { personnummer: '52829431130' });
    await door.login({ personnummer: NUMBER });
    const [open] = await coordinator.query<{ detail: Record<string, unknown> }>(
      'select detail from api.open_conflicts',
    );
    assert.equal(open?.detail.d_number_to_personnummer, true);
    assert.equal(open?.detail.same_birth_date, false);
    assert.equal(open?.detail.observed_synthetic, true);
  }));

test('retry_sync: a refused push is followed by a new one and its case closed; one that waits is tried at once', () =>
  atTheDesk(async ({ db, door, coordinator, openCases }) => {
    await addKari(db, door);
    await door.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    assert.equal((await coordinator.call('retry_sync', id)).code, 'not_failed');
    const fail = async (push: string, result: string) => {
      const { fencing_token } = await one(db, `select fencing_token from worker.claim_push($1, 'w')`, [push]);
      await db.pool.query('select worker.finish_push($1, $2, $3, 503, $4, 1, false)', [
        push,
        fencing_token,
        result,
        'http_503',
      ]);
    };
    await fail(id, 'retry');
    assert.equal((await coordinator.query('select * from api.failed_syncs')).length, 1);
    assert.deepEqual(await coordinator.call('retry_sync', id), { push_id: id, state: 'pending' });
    await fail(id, 'rejected');
    assert.equal((await openCases())[0]?.kind, 'push_failed');
    const retried = await coordinator.call('retry_sync', id);
    assert.notEqual(retried.push_id, id);
    assert.deepEqual(await openCases(), []);
  }));
