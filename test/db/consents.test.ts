import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type ActingCallback, type Answer, actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { decoyNumber, sampleNumbers, sealNumber } from '../support/samples.ts';
import { isLetIn } from '../support/sessions.ts';
import { begin } from '../support/waiting.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

async function answer(
  callback: ActingCallback,
  observationId: string,
  given: boolean,
  number?: string,
  evidence: unknown = { by: 'own_page', locale: 'nb' },
) {
  const sealed = number === undefined ? undefined : await sealNumber(number, callback.organization);
  const { rows } = await callback.pool.query<Answer>(
    `select * from login.record_consent(observation_id => $1, given => $2, evidence => $3,
       personnummer_index => $4, personnummer_sealed => $5, personnummer_masked => $6)`,
    [
      observationId,
      given,
      evidence,
      sealed?.personnummer_index,
      sealed?.personnummer_sealed,
      sealed?.personnummer_masked,
    ],
  );
  return rows[0] as Answer;
}

const eventsOf = async (db: TestDatabase) =>
  (await db.pool.query('select event from audit.events order by id')).rows.map(({ event }) => event);

for (const [mode, login] of [
  ['own', { personnummer: NUMBER }],
  ['provider', { absent_reason: 'not_given' }],
] as const) {
  test(`consent_mode ${mode}: asked once; with the consent comes the number, and the one observation is decided`, async () => {
    await using db = await createTestDatabase();
    const callback = await actAsCallback(db, { consent_mode: mode });
    const kari = await addKari(db, callback);
    const asked = await callback.login(login);
    assert.deepEqual([asked.outcome, asked.member_id, asked.ask_consent], ['absent', kari.id, true]);
    assert.equal((await one(db, 'select absent_reason from registry.observations')).absent_reason, 'not_consented');
    const given = await answer(callback, asked.observation_id, true, NUMBER);
    assert.deepEqual([given.outcome, given.member_id], ['filled', kari.id]);
    assert.equal(
      (await one(db, 'select personnummer_masked from registry.members')).personnummer_masked,
      '018150*****',
    );
    const consent = await one(db, 'select state, evidence, member_id from registry.consents');
    assert.deepEqual(consent, { state: 'given', evidence: { by: 'own_page', locale: 'nb' }, member_id: kari.id });
    assert.deepEqual(await eventsOf(db), ['linked', 'absent', 'consent_given', 'filled']);
    assert.deepEqual(await answer(callback, asked.observation_id, false), given, 'a second answer changes nothing');
    const next = await callback.login({ personnummer: NUMBER });
    assert.deepEqual([next.outcome, next.ask_consent], ['confirmed', false]);
  });
}

test('refused: remembered, the member logs in, and is not asked again until the interval is over', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  await addKari(db, callback);
  const asked = await callback.login({ personnummer: NUMBER });
  const refused = await answer(callback, asked.observation_id, false);
  assert.equal(refused.outcome, 'absent');
  const again = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([again.outcome, again.ask_consent], ['absent', false]);
  assert.equal(
    (await one(db, 'select count(*)::int as n from registry.observations where personnummer_sealed is not null')).n,
    0,
  );
  await db.pool.query(`update registry.consents set answered_at = now() - interval '181 days'`);
  assert.equal((await callback.login({ personnummer: NUMBER })).ask_consent, true);
});

test('consent without a number, somebody else with the number, evidence with a number in it', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  await addKari(db, callback);
  const { observation_id } = await callback.login({ personnummer: NUMBER });
  await assert.rejects(answer(callback, observation_id, true, NUMBER, { text: `I am ${decoyNumber}` }), {
    code: 'PN002',
  });
  await assert.rejects(answer(callback, observation_id, true, NUMBER, null), { code: 'PN002' });
  assert.equal((await answer(callback, observation_id, true)).outcome, 'absent');
  const later = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([later.outcome, later.ask_consent], ['filled', false]);
});

test('the second leg brings another number: nothing is written, and a case is opened, once', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'provider' });
  const kari = await addKari(db, callback);
  const { observation_id } = await callback.login({ personnummer: NUMBER });
  const report = () => callback.pool.query(`select login.report_inconsistency($1, 'numbers_differ')`, [observation_id]);
  await report();
  await report();
  const conflicts = await db.pool.query('select kind, member_id, seen from registry.conflicts');
  assert.deepEqual(conflicts.rows, [{ kind: 'inconsistent', member_id: kari.id, seen: 1 }]);
  const { rows: events } = await db.pool.query(`select event from audit.events where conflict_id is not null`);
  assert.deepEqual(
    events,
    [{ event: 'inconsistent' }],
    'it is no outcome conflict: nothing was compared with a record',
  );
  assert.equal((await one(db, 'select personnummer_index from registry.members')).personnummer_index, null);
  assert.equal(
    (await answer(callback, observation_id, true, OTHER_NUMBER)).outcome,
    'absent',
    'a consent that comes after it stores nothing',
  );
});

const revoke = (callback: ActingCallback, changes: Record<string, unknown> = {}) => {
  const values = {
    organization: callback.organization.slug,
    provider: 'vipps',
    subject: 'subject-of-kari',
    event: 'CONSENT_REVOKED',
    issued_at: new Date(Date.now() + 1_000),
    late: false,
    ...changes,
  };
  return callback.pool.query('select login.record_revocation($1, $2, $3, $4, $5, $6)', Object.values(values));
};

test('CONSENT_REVOKED: marks, cancels what waits, tells the coordinator; deletes nothing, locks nobody out; once', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  const issuedAt = new Date(Date.now() + 1_000);
  for (let times = 0; times < 3; times += 1) await revoke(callback, { issued_at: issuedAt });
  assert.equal((await one(db, 'select state from sync.pushes')).state, 'cancelled');
  assert.ok((await one(db, 'select revoked_at from registry.identity_links')).revoked_at);
  assert.equal((await one(db, 'select personnummer_masked from registry.members')).personnummer_masked, '018150*****');
  assert.equal((await coordinator.query('select kind from api.open_conflicts')).length, 1);
  assert.deepEqual((await eventsOf(db)).slice(-3), ['revocation_received', 'push_cancelled', 'consent_withdrawn']);
  assert.equal(
    (await one(db, `select detail from audit.events where event = 'revocation_received'`)).detail.verified,
    false,
  );

  const back = await callback.login({ personnummer: NUMBER, authenticated_at: new Date(Date.now() + 60_000) });
  assert.equal(back.outcome, 'confirmed');
  assert.equal((await one(db, 'select revoked_at from registry.identity_links')).revoked_at, null);
  assert.equal(
    (await one(db, `select count(*)::int as n from sync.pushes where state = 'pending'`)).n,
    1,
    'what was cancelled goes out after all',
  );
});

test('a message older than the last login, a late one, another event, an unknown subject: stored, and nothing else', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  await revoke(callback, { issued_at: new Date(Date.now() - 60_000) });
  await revoke(callback, { late: true });
  await revoke(callback, { event: 'SOMETHING_NEW' });
  await revoke(callback, { subject: 'nobody' });
  assert.equal((await one(db, 'select count(*)::int as n from registry.revocations')).n, 4);
  assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'revocation_received'`)).n, 4);
  assert.equal((await one(db, 'select state from sync.pushes')).state, 'pending');
  assert.equal((await one(db, 'select count(*)::int as n from registry.conflicts')).n, 0);
  await assert.rejects(revoke(callback, { organization: 'nobody' }), { code: 'PN001' });
});

const settleOnly = async (coordinator: Coordinator, decision: string) => {
  const [found] = await coordinator.query<{ id: string; version: number }>(
    'select id, version from api.open_conflicts',
  );
  return coordinator.call('resolve_conflict', found?.id, decision, 'seen the papers', found?.version);
};
const written = (db: TestDatabase) =>
  one(
    db,
    `select (select count(personnummer_index)::int from registry.members) as numbers,
       (select count(*)::int from sync.pushes) as pushes, (select count(*)::int from registry.consents) as consents`,
  );

const aboutIdentity: [
  string,
  Record<string, unknown>,
  (by: Coordinator, observation: string, member: string) => unknown,
][] = [
  ['link_login', { phone: null, email: null }, (by, id, member) => by.call('link_login', id, member, 'asked her')],
  ['an ambiguous login accepted', { phone: null, birth_date: null }, (by) => settleOnly(by, 'accept_observed')],
  ['a name_mismatch accepted', { family_name: 'Hansen' }, (by) => settleOnly(by, 'accept_observed')],
];
for (const mode of ['own', 'provider']) {
  for (const [what, login, settle] of aboutIdentity) {
    test(`consent_mode ${mode}, ${what}: the login is linked, and no number goes anywhere before the member is asked`, async () => {
      await using db = await createTestDatabase();
      const callback = await actAsCallback(db, { consent_mode: mode });
      const coordinator = await becomeCoordinator(db, callback.organization);
      const kari = await addKari(db, callback);
      const first = await callback.login({ ...login, personnummer: NUMBER });
      assert.equal(first.member_id, null);
      await settle(coordinator, first.observation_id, kari.id);
      assert.equal((await one(db, 'select member_id from registry.identity_links')).member_id, kari.id);
      assert.deepEqual(await written(db), { numbers: 0, pushes: 0, consents: 0 });
      const next = await callback.login({ ...login, personnummer: NUMBER });
      assert.deepEqual([next.outcome, next.member_id, next.ask_consent], ['absent', kari.id, true]);
      assert.equal((await answer(callback, next.observation_id, true, NUMBER)).outcome, 'filled');
      assert.deepEqual(await written(db), { numbers: 1, pushes: 1, consents: 1 });
    });
  }
}

test('who has consented before gets the number with the link', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  const coordinator = await becomeCoordinator(db, callback.organization);
  const kari = await addKari(db, callback);
  await answer(callback, (await callback.login({ personnummer: NUMBER })).observation_id, true);
  const second = await callback.login({ subject: 'second', personnummer: NUMBER, phone: null, email: null });
  await coordinator.call('link_login', second.observation_id, kari.id, 'asked her');
  assert.deepEqual(await written(db), { numbers: 1, pushes: 1, consents: 1 });
});

const captureOff = (db: TestDatabase) => db.pool.query('update registry.organizations set capture_basis = null');

test('capturing off: nobody is asked for a consent that could not be used', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'provider' });
  await addKari(db, callback);
  await captureOff(db);
  for (const login of [{}, { absent_reason: 'not_given' }, { personnummer: NUMBER }]) {
    const { outcome, ask_consent } = await callback.login(login);
    assert.deepEqual([outcome, ask_consent], ['absent', false]);
  }
  await callback.login({ absent_reason: 'inconsistent', inconsistency: 'subject_differs' });
  const { rows } = await db.pool.query('select absent_reason from registry.observations order by received_at');
  assert.deepEqual(
    rows.map((row) => row.absent_reason),
    ['capture_off', 'capture_off', 'capture_off', 'inconsistent'],
  );
});

test('capturing switched off while the member is being asked: the answer is kept, the number is not', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  await addKari(db, callback);
  const asked = await callback.login({ personnummer: NUMBER });
  await captureOff(db);
  assert.equal((await answer(callback, asked.observation_id, true, NUMBER)).outcome, 'absent');
  assert.deepEqual(await written(db), { numbers: 0, pushes: 0, consents: 1 });
  assert.equal((await one(db, 'select personnummer_index from registry.observations')).personnummer_index, null);
  await db.pool.query(`update registry.organizations set capture_basis = 'Recorded again'`);
  const later = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([later.outcome, later.ask_consent], ['filled', false]);
});

test('a login that is not the member any more, or another one, when the answer comes: nothing is stored', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  await addKari(db, callback);
  const asked = await callback.login({ personnummer: NUMBER });
  await db.pool.query('delete from registry.identity_links');
  assert.equal((await answer(callback, asked.observation_id, true, NUMBER)).outcome, 'absent');
  assert.deepEqual(await written(db), { numbers: 0, pushes: 0, consents: 0 });
  assert.equal(await isLetIn(callback, asked.observation_id), false);
});

test('the answer waits for a coordinator who is just excluding the login from the member', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  const kari = await addKari(db, callback);
  const asked = await callback.login({ personnummer: NUMBER });
  await using desk = await begin(db);
  await desk.query('select from registry.members where id = $1 for no key update', [kari.id]);
  await desk.query('delete from registry.identity_links');
  const answered = answer(callback, asked.observation_id, true, NUMBER);
  await blocked(db, 1);
  // As a merge does, which moves observations while it holds their members.
  await desk.query('update registry.observations set member_id = member_id');
  await desk.query('commit');
  assert.equal((await answered).outcome, 'absent');
  assert.deepEqual(await written(db), { numbers: 0, pushes: 0, consents: 0 });
});

test('a consent that brings a number waits for whoever is giving that number to a member at this moment', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  await addKari(db, callback);
  const asked = await callback.login({ personnummer: NUMBER });
  const { personnummer_index, personnummer_sealed, personnummer_masked } = await sealNumber(
    NUMBER,
    callback.organization,
  );
  await using other = await begin(db);
  await other.query('select private.lock_number($1, $2)', [callback.organization.id, personnummer_masked]);
  const answered = answer(callback, asked.observation_id, true, NUMBER);
  await blocked(db, 1);
  await other.query(
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked)
     values ($1, 'who was quicker', $2, $3, $4)`,
    [callback.organization.id, personnummer_index, personnummer_sealed, personnummer_masked],
  );
  await other.query('commit');
  assert.equal((await answered).outcome, 'duplicate');
});

test('CONSENT_REVOKED is about the subject at the issuer of the row, not about the same text at another one', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  await db.pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     select organization_id, 'https://elsewhere.example/', subject, member_id, provider, match_rule from registry.identity_links`,
  );
  await revoke(callback);
  const { rows } = await db.pool.query(
    'select issuer, revoked_at is not null as revoked from registry.identity_links order by 1',
  );
  assert.deepEqual(rows, [
    { issuer: 'https://elsewhere.example/', revoked: false },
    { issuer: 'https://provider.example/access-management-1.0/access/', revoked: true },
  ]);
});
