import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type ActingCallback, actAsCallback, addKari, KARI, one } from '../support/acting-callback.ts';
import { actAs, becomeCoordinator, type Caller } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { logInAsMember } from '../support/member.ts';
import { pushWorker } from '../support/push-worker.ts';
import { revoke } from '../support/revoke.ts';
import { addMember, sampleNumbers, sealNumber } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
const VIEWS = ['my_record', 'my_consents', 'my_history'];

/** Kari, who was asked and consented, is logged in; her number waits to be sent. */
async function consented(db: TestDatabase, changes: Record<string, unknown> = {}) {
  const callback = await actAsCallback(db, { consent_mode: 'own', ...changes });
  const kari = await addKari(db, callback);
  const asked = await callback.login({ personnummer: NUMBER });
  await consent(callback, asked.observation_id);
  const member = await logInAsMember(db, callback, { personnummer: NUMBER });
  return { callback, kari, member };
}

async function consent(callback: ActingCallback, observationId: string, number: string = NUMBER) {
  const sealed = await sealNumber(number, callback.organization);
  await callback.pool.query(
    `select login.record_consent(observation_id => $1, given => true, evidence => '{"by": "own_page", "locale": "nb"}',
       personnummer_index => $2, personnummer_sealed => $3, personnummer_masked => $4)`,
    [observationId, sealed.personnummer_index, sealed.personnummer_sealed, sealed.personnummer_masked],
  );
}

const record = async (caller: Caller) => (await caller.query('select * from api.my_record'))[0];
const history = async (caller: Caller) =>
  (await caller.query<{ event: string }>('select event from api.my_history order by occurred_at')).map(
    ({ event }) => event,
  );
const pushesOf = async (db: TestDatabase) =>
  (await db.pool.query('select state, removal from sync.pushes order by created_at, removal')).rows;

test('a member reads the own record: the number masked, where from, whether it was sent; consents; history', async () => {
  await using db = await createTestDatabase();
  const { callback, member } = await consented(db);
  const before = await record(member);
  assert.deepEqual(
    [before?.personnummer_masked, before?.personnummer_source, before?.consent_is_basis, before?.delivery],
    ['018150*****', 'vipps-login', true, 'waiting'],
  );
  assert.deepEqual([before?.sent_to, before?.sent_at], [null, null]);
  assert.equal(before?.legal_basis, 'Recorded for a test');
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  await pushWorker(db).attempt(id, { result: 'delivered', status: 200 });
  const after = await record(member);
  assert.deepEqual([after?.delivery, after?.sent_to], ['sent', 'http']);
  assert.ok(after?.sent_at instanceof Date);
  assert.equal(after?.organization, callback.organization.slug);
  assert.equal(after?.given_name, KARI.given_name);
  const [given, ...others] = await member.query('select * from api.my_consents');
  assert.deepEqual(
    [given?.provider, given?.state, given?.evidence],
    ['vipps', 'given', { by: 'own_page', locale: 'nb' }],
  );
  assert.deepEqual(others, []);
  assert.deepEqual(await history(member), [
    'linked',
    'absent',
    'consent_given',
    'filled',
    'confirmed',
    'session_opened',
    'push_delivered',
  ]);
});

test('every event of the audit is either shown to members or kept from them, and each shown one exists', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ event: string; shown: boolean }>(
    `select known.event, s.event is not null as shown
     from (select unnest(regexp_matches(pg_get_constraintdef(oid), '''([a-z_]+)''', 'g')) as event
           from pg_constraint where conname = 'event_is_known') as known
     full join private.member_sentences() as s on s.event = known.event`,
  );
  assert.deepEqual(
    rows.filter(({ event }) => event === null),
    [],
    'a sentence for an event that does not exist',
  );
  const kept = rows.filter(({ shown }) => !shown).map(({ event }) => event);
  assert.deepEqual(kept.toSorted(), KEPT.toSorted());
});

/** What members do not see of their records: coordinators' work, what is about several people or none, and the machinery. */
const KEPT = [
  ...['grant_counted', 'grant_frozen', 'grant_list_taken'],
  ...['unlinked', 'ambiguous', 'name_mismatch', 'deferred', 'proposed', 'proposal_expired'],
  ...['index_renewed', 'members_merged', 'members_separated'],
  ...['case_resolved', 'case_superseded', 'case_reopened', 'refused', 'case_assigned', 'case_postponed'],
  ...['case_commented', 'decision_proposed', 'decision_declined', 'decision_withdrawn', 'receiver_key_accepted'],
  ...['revocation_received', 'coordinator_added', 'coordinator_invited', 'coordinator_bound', 'coordinator_removed'],
  ...['coordinator_signed_in', 'sign_in_refused', 'import_finished', 'import_abandoned'],
  ...[
    'import_differences_accepted',
    'data_erased',
    'events_redacted',
    'restore_accepted',
    'configuration_changed',
    'push_attempt_failed',
    'push_superseded',
    'push_requeued',
  ],
  ...['push_held', 'push_released', 'push_accepted', 'breaker_opened', 'breaker_probing', 'breaker_closed'],
  ...['file_written', 'file_fetched', 'file_acknowledged', 'file_expired', 'drift_found'],
  // What a member gets of them is the invoice.
  ...[
    'invoice_added',
    'issue_token_requested',
    'invoice_issued',
    'invoice_no_consent',
    'invoice_ambiguous',
    'invoice_not_enough_data',
    'invoice_rejected',
  ],
  ...[
    'invoice_given_up',
    'invoice_attempt_failed',
    'invoice_cancelled',
    'invoice_requeued',
    'invoice_breaker_opened',
    'invoice_breaker_probing',
    'invoice_breaker_closed',
  ],
  // Nobody is left to read them.
  ...['erasure_announced', 'member_erased', 'erasure_receipt_given', 'erasure_replayed'],
];

test('whose token it is decides: a session that lives, of a member, and the subject it was issued for', async () => {
  await using db = await createTestDatabase();
  const { callback, member } = await consented(db);
  const other = await addMember(db, callback.organization, { phone: '+4790000077', email: 'other@example.org' });
  const { claims } = member;
  const coordinator = await becomeCoordinator(db, callback.organization);
  const supabase = { sub: claims.sub, session_id: claims.session_id };
  const strangers: Record<string, Caller> = {
    'a coordinator': coordinator,
    'a token without audience': actAs(db, supabase),
    'a token of a coordinator with a member session': actAs(db, {
      ...claims,
      app_metadata: { ...claims.app_metadata, audience: 'coordinators' },
    }),
    'the subject of another member': actAs(db, { ...claims, sub: other.user_id }),
    'a session that is not there': actAs(db, { ...claims, session_id: other.id }),
    'no session': actAs(db, { sub: claims.sub, app_metadata: claims.app_metadata }),
  };
  for (const [who, stranger] of Object.entries(strangers)) {
    for (const view of VIEWS)
      assert.deepEqual(await stranger.query(`select * from api.${view}`), [], `${who}: ${view}`);
    assert.equal((await stranger.call('withdraw_my_consent')).code, 'not_found', who);
  }
  assert.equal((await record(member))?.personnummer_masked, '018150*****', 'nothing was withdrawn');
  await db.pool.query(`update registry.sessions set ended_at = now(), end_reason = 'signed_out'`);
  for (const view of VIEWS)
    assert.deepEqual(await member.query(`select * from api.${view}`), [], `signed out: ${view}`);
});

test('withdrawn by the member: number gone here and in the logins, its removal queued, in the member’s name', async () => {
  await using db = await createTestDatabase();
  const { kari, member, callback } = await consented(db);
  assert.deepEqual(await member.call('withdraw_my_consent'), { providers: ['vipps'], number: 'removed' });
  const left = await one(
    db,
    `select (select count(*)::int from registry.members where personnummer_index is not null) as records,
            (select count(*)::int from registry.observations where personnummer_sealed is not null) as logins,
            (select count(*)::int from registry.consents where state = 'withdrawn') as withdrawn`,
  );
  assert.deepEqual(left, { records: 0, logins: 0, withdrawn: 1 });
  assert.deepEqual(await pushesOf(db), [
    { state: 'cancelled', removal: false },
    { state: 'pending', removal: true },
  ]);
  const { rows } = await db.pool.query(
    `select event, source, detail ->> 'verified' as verified from audit.events where actor = $1 order by id`,
    ['member'],
  );
  assert.deepEqual(rows, [
    { event: 'push_cancelled', source: 'worker', verified: null },
    { event: 'consent_withdrawn', source: 'app', verified: 'true' },
    { event: 'number_removed', source: 'app', verified: null },
  ]);
  const kept = await one(db, 'select kind, member_id, detail from registry.conflicts');
  assert.deepEqual(kept, {
    kind: 'consent_revoked',
    member_id: kari.id,
    detail: { provider: 'vipps', verified: true },
  });
  assert.equal((await member.call('withdraw_my_consent')).code, 'nothing_to_withdraw');
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes where removal');
  await pushWorker(db).attempt(id, { result: 'delivered', status: 200 });
  assert.equal((await record(member))?.delivery, 'removed');
  const next = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([next.outcome, next.ask_consent], ['absent', false], 'left in peace for the interval');
  await db.pool.query(
    `update registry.revocations set received_at = received_at - interval '181 days', issued_at = issued_at - interval '181 days';
     update registry.consents set withdrawn_at = withdrawn_at - interval '181 days'`,
  );
  assert.equal((await callback.login({ personnummer: NUMBER })).ask_consent, true);
});

test('withdrawn after an unverified message said so: then the number goes too', async () => {
  await using db = await createTestDatabase();
  const { callback, member } = await consented(db);
  await revoke(callback);
  assert.equal((await record(member))?.personnummer_masked, '018150*****', 'a message deletes nothing');
  assert.deepEqual(await member.call('withdraw_my_consent'), { providers: ['vipps'], number: 'removed' });
});

test('a number that did not come by consent is kept, and what was to be sent is stopped', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const member = await logInAsMember(db, callback, { personnummer: NUMBER });
  assert.deepEqual(await member.call('withdraw_my_consent'), { providers: ['vipps'], number: 'kept' });
  assert.deepEqual(await pushesOf(db), [{ state: 'cancelled', removal: false }]);
  assert.equal((await record(member))?.delivery, 'not_sent');
});

test('a number that an import brought is kept, also where the member had consented to another way of storing it', async () => {
  await using db = await createTestDatabase();
  const { member } = await consented(db);
  await db.pool.query(`update registry.members set personnummer_source = 'import'`);
  assert.deepEqual(await member.call('withdraw_my_consent'), { providers: ['vipps'], number: 'kept' });
});

test('withdrawn while the number is being sent: it is removed after it, whether it arrived or not', async () => {
  for (const report of [
    { result: 'delivered', status: 200 },
    { result: 'retry', code: 'http_5xx', status: 503 },
  ]) {
    await using db = await createTestDatabase();
    const { member } = await consented(db);
    const worker = pushWorker(db);
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const { fencing_token } = await worker.claim(id);
    await member.call('withdraw_my_consent');
    const removal = await one<{ id: string }>(db, 'select id from sync.pushes where removal');
    assert.equal((await worker.claim(removal.id)).waits_for, 'member_busy');
    await worker.finish(id, fencing_token, report);
    assert.equal(await worker.attempt(removal.id, { result: 'delivered', status: 200 }), 'delivered');
    assert.equal((await record(member))?.delivery, 'removed');
  }
});

test('a case about what was withdrawn is closed, also when its decision is taken back afterwards; no decision gives a number back', async () => {
  await using db = await createTestDatabase();
  const { callback, member } = await consented(db);
  await callback.login({ personnummer: OTHER_NUMBER });
  const coordinator = await becomeCoordinator(db, callback.organization);
  const [mismatch] = await coordinator.query<{ id: string; version: number }>(
    `select id, version from api.open_conflicts where kind = 'mismatch'`,
  );
  await coordinator.call('resolve_conflict', mismatch?.id, 'keep_existing', 'looked at', mismatch?.version);
  await callback.login({ personnummer: sampleNumbers[2] });
  assert.equal((await member.call('withdraw_my_consent')).number, 'removed');
  const left = await coordinator.query('select kind from api.open_conflicts');
  assert.deepEqual(left, [{ kind: 'consent_revoked' }]);
  await coordinator.call('undo_resolution', mismatch?.id, 'once more');
  const kept = await one(
    db,
    `select (select count(*)::int from registry.members where personnummer_index is not null) as records,
            (select count(*)::int from registry.observations where personnummer_index is not null) as logins`,
  );
  assert.deepEqual(kept, { records: 0, logins: 0 });
  const open = await coordinator.query(`select kind from api.open_conflicts where kind = 'mismatch'`);
  assert.deepEqual(open, [], 'nothing is left to decide');
});

test('after a merge the session is the surviving record’s, and nothing of the other record is shown', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const first = await addKari(db, callback, { external_id: 'first' });
  const second = await addMember(db, callback.organization, { external_id: 'second', personnummer: NUMBER });
  const member = await logInAsMember(db, callback, { personnummer: NUMBER });
  assert.equal(member.memberId, first.id);
  assert.deepEqual((await history(member)).slice(0, 2), ['linked', 'duplicate']);
  const shown = JSON.stringify(await Promise.all(VIEWS.map((view) => member.query(`select * from api.${view}`))));
  for (const secret of [second.id, second.user_id, 'second']) assert.ok(!shown.includes(secret), secret);
  const coordinator = await becomeCoordinator(db, callback.organization);
  const [open] = await coordinator.query<{ id: string; version: number }>('select id, version from api.open_conflicts');
  await coordinator.call('add_comment', open?.id, 'the note of a colleague');
  const merged = await coordinator.call('resolve_conflict', open?.id, 'merge_into', 'one person', open?.version);
  assert.equal(merged.code, undefined);
  assert.equal((await record(member))?.member_external_id, 'second');
  const after = JSON.stringify(await Promise.all(VIEWS.map((view) => member.query(`select * from api.${view}`))));
  for (const secret of [first.id, 'first', coordinator.userId, 'colleague', 'one person'])
    assert.ok(!after.includes(secret), secret);
  await coordinator.call('undo_resolution', open?.id, 'two persons');
  assert.equal((await record(member))?.member_external_id, 'first');
});
