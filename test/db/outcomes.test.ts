import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, counts, one, waitWithoutLimit } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { addMember, addOrganization, addProvider, decoyNumber, sampleNumbers, sealNumber } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

test('filled: the record gets the number, with one audit event, one push and one job', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const answer = await callback.login({ personnummer: NUMBER });
  assert.equal(answer.outcome, 'filled');
  assert.equal(answer.member_id, kari.id);
  assert.equal(answer.ask_consent, false);

  const member = await one(db, 'select * from registry.members where id = $1', [kari.id]);
  assert.equal(member.personnummer_masked, '018150*****');
  assert.equal(member.personnummer_source, 'vipps-login');
  assert.ok(member.personnummer_at instanceof Date);
  assert.equal(member.version, 2);

  const event = await one(db, `select * from audit.events where event = 'filled'`);
  assert.equal(event.source, 'vipps-login');
  assert.equal(event.actor, 'auth_callback');
  assert.equal(event.member_id, kari.id);
  assert.equal(event.observation_id, answer.observation_id);
  assert.match(event.message, /018150\*{5}.*vipps-login/);

  const push = await one(db, 'select * from sync.pushes');
  assert.equal(push.id, event.push_id);
  assert.equal(push.state, 'pending');
  const job = await one(db, 'select * from graphile_worker._private_jobs');
  assert.deepEqual(job.payload, { push_id: push.id });
  assert.deepEqual(await counts(db), { observations: 1, links: 1, conflicts: 0, pushes: 1, jobs: 1, events: 2 });
});

test('confirmed: nothing changes but one audit event, which says so', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback, { personnummer: NUMBER });
  const answer = await callback.login({ personnummer: NUMBER });
  assert.equal(answer.outcome, 'confirmed');
  const member = await one(db, 'select version from registry.members where id = $1', [kari.id]);
  assert.equal(member.version, 1);
  const event = await one(db, `select message from audit.events where event = 'confirmed'`);
  assert.match(event.message, /^confirmed, no change/);
  assert.deepEqual(await counts(db), { observations: 1, links: 1, conflicts: 0, pushes: 0, jobs: 0, events: 2 });
});

test('conflict: the record stays as it is, and a coordinator gets a case', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
  const before = await one(db, 'select * from registry.members');
  const answer = await callback.login({ personnummer: NUMBER });
  assert.equal(answer.outcome, 'conflict');
  assert.equal(answer.member_id, kari.id);
  assert.deepEqual(await one(db, 'select * from registry.members'), before);
  const conflict = await one(db, 'select * from registry.conflicts');
  assert.equal(conflict.kind, 'mismatch');
  assert.equal(conflict.state, 'open');
  assert.equal(conflict.member_id, kari.id);
  assert.equal(conflict.observation_id, answer.observation_id);
  const event = await one(db, `select conflict_id from audit.events where event = 'conflict'`);
  assert.equal(event.conflict_id, conflict.id);
});

test('the same conflict seen fifty times is one open case; another number is another case', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: OTHER_NUMBER });
  await waitWithoutLimit(db);
  await Promise.all(Array.from({ length: 50 }, () => callback.login({ personnummer: NUMBER })));
  assert.deepEqual((await db.pool.query('select kind, seen from registry.conflicts')).rows, [
    { kind: 'mismatch', seen: 50 },
  ]);
  await callback.login({ personnummer: sampleNumbers[2] });
  assert.equal((await counts(db)).conflicts, 2);
  assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'conflict'`)).n, 51);
});

test('duplicate: another member has the number; nothing is overwritten and the case names both', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const other = await addMember(db, callback.organization, { given_name: 'Karl', personnummer: NUMBER });
  const answer = await callback.login({ personnummer: NUMBER });
  assert.equal(answer.outcome, 'duplicate');
  assert.equal(answer.member_id, kari.id);
  const conflict = await one(db, 'select * from registry.conflicts');
  assert.deepEqual([conflict.kind, conflict.member_id, conflict.other_member_id], ['duplicate', kari.id, other.id]);
  assert.equal(
    (await one(db, 'select personnummer_index from registry.members where id = $1', [kari.id])).personnummer_index,
    null,
  );
  assert.equal((await counts(db)).pushes, 0);
});

for (const reason of ['not_given', 'malformed', 'not_accepted', 'inconsistent']) {
  test(`absent (${reason}): an ordinary login, nothing that looks like a failure`, async () => {
    await using db = await createTestDatabase();
    const callback = await actAsCallback(db);
    const kari = await addKari(db, callback);
    const answer = await callback.login({ absent_reason: reason });
    assert.deepEqual([answer.outcome, answer.member_id], ['absent', kari.id]);
    const observation = await one(db, 'select * from registry.observations');
    assert.equal(observation.absent_reason, reason);
    assert.equal(observation.personnummer_index, null);
    assert.deepEqual(await counts(db), { observations: 1, links: 1, conflicts: 0, pushes: 0, jobs: 0, events: 2 });
  });
}

test('two different numbers from one provider: nothing of them is stored, and a case is opened', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const answer = await callback.login({ absent_reason: 'inconsistent', inconsistency: 'numbers_differ' });
  assert.deepEqual([answer.outcome, answer.member_id], ['absent', kari.id]);
  const conflict = await one(db, 'select kind, member_id from registry.conflicts');
  assert.deepEqual(conflict, { kind: 'inconsistent', member_id: kari.id });
});

test('capturing off: the number is dropped before anything is stored, and the login goes on', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await db.pool.query('update registry.organizations set retention = null where id = $1', [callback.organization.id]);
  const answer = await callback.login({ personnummer: NUMBER });
  assert.equal(answer.outcome, 'absent');
  const stored = await one(db, 'select * from registry.observations');
  assert.equal(stored.absent_reason, 'capture_off');
  assert.deepEqual(
    [
      stored.personnummer_index,
      stored.personnummer_sealed,
      stored.personnummer_masked,
      stored.personnummer_index_previous,
    ],
    [null, null, null, []],
  );
  assert.equal((await one(db, 'select personnummer_index from registry.members')).personnummer_index, null);
});

test('where consent is asked for, the number finds the member but is not stored before the answer', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db, { consent_mode: 'own' });
  await addKari(db, callback);
  const answer = await callback.login({ personnummer: NUMBER });
  assert.equal(answer.outcome, 'absent');
  assert.equal(answer.ask_consent, true);
  const stored = await one(db, 'select absent_reason, personnummer_sealed from registry.observations');
  assert.deepEqual(stored, { absent_reason: 'not_consented', personnummer_sealed: null });
});

test('unlinked: nobody matches', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { phone: '+4790000009', email: 'someone.else@example.org' });
  const answer = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([answer.outcome, answer.member_id], ['unlinked', null]);
  assert.deepEqual(await counts(db), { observations: 1, links: 0, conflicts: 0, pushes: 0, jobs: 0, events: 1 });
});

test('ambiguous: two members share phone and e-mail; none is chosen, and a case names both', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const members = [await addKari(db, callback), await addKari(db, callback)];
  const answer = await callback.login({ personnummer: NUMBER });
  assert.deepEqual([answer.outcome, answer.member_id], ['ambiguous', null]);
  const conflict = await one(db, 'select kind, candidates from registry.conflicts');
  assert.equal(conflict.kind, 'ambiguous');
  assert.deepEqual(conflict.candidates, members.map(({ id }) => id).sort());
  assert.equal((await counts(db)).links, 0);
});

test('name_mismatch: phone and e-mail match, the name does not; not linked, and a case', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const answer = await callback.login({ personnummer: NUMBER, given_name: 'Ola', family_name: 'Hansen' });
  assert.deepEqual([answer.outcome, answer.member_id], ['name_mismatch', null]);
  const conflict = await one(db, 'select kind, candidates, detail from registry.conflicts');
  assert.deepEqual([conflict.kind, conflict.candidates], ['name_mismatch', [kari.id]]);
  assert.deepEqual(conflict.detail.disagreed, ['name']);
  assert.equal((await counts(db)).links, 0);
});

test('a linked login stays linked, whatever phone, e-mail and name say later', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login({});
  const answer = await callback.login({
    personnummer: NUMBER,
    phone: '+4790000099',
    email: 'new@example.org',
    given_name: 'Karoline',
    family_name: 'Hansen',
  });
  assert.deepEqual([answer.outcome, answer.member_id], ['filled', kari.id]);
});

test('a link holds for issuer and subject together, and in one organisation only', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const elsewhere = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({});
  const stranger = { given_name: null, family_name: null, birth_date: null, phone: null, email: null };
  assert.equal((await callback.login({ ...stranger })).outcome, 'absent');
  assert.equal((await callback.login({ ...stranger, issuer: 'https://other.example/' })).outcome, 'unlinked');
  assert.equal((await elsewhere.login({ ...stranger })).outcome, 'unlinked');
});

test('a repeated call with the same id changes nothing and answers the same', async () => {
  await using db = await createTestDatabase();
  await waitWithoutLimit(db);
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const same = { personnummer: NUMBER, observation_id: randomUUID() };
  const first = await callback.login(same);
  const before = await counts(db);
  const repeated = await Promise.all(Array.from({ length: 10 }, () => callback.login(same)));
  for (const answer of repeated) assert.deepEqual(answer, first);
  assert.deepEqual(await counts(db), before);
  await assert.rejects(callback.login({ ...same, subject: 'somebody-else' }), { code: 'PN003' });
});

test('one number in two organisations: two independent members, neither sees the other', async () => {
  await using db = await createTestDatabase();
  const nhf = await actAsCallback(db);
  const hlf = await actAsCallback(db);
  await addKari(db, nhf, { personnummer: NUMBER });
  await addKari(db, hlf);
  assert.equal((await hlf.login({ personnummer: NUMBER })).outcome, 'filled');
  const { rows } = await db.pool.query('select distinct personnummer_index from registry.members');
  assert.equal(rows.length, 2);
});

test('while the index key is rotated, a record under the old key is confirmed and takes the new index', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback, { personnummer: NUMBER });
  const { personnummer_index: old, ...rest } = await sealNumber(NUMBER, callback.organization);
  const rotated = { ...rest, personnummer_index: 'v2.index-under-the-new-key', personnummer_index_previous: [old] };
  assert.equal((await callback.login(rotated)).outcome, 'confirmed');
  const member = await one(db, 'select personnummer_index from registry.members where id = $1', [kari.id]);
  assert.equal(member.personnummer_index, 'v2.index-under-the-new-key');
  assert.equal((await counts(db)).conflicts, 0);
  assert.equal((await callback.login(rotated)).outcome, 'confirmed');
});

test('malformed arguments get a clear error without any value', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await assert.rejects(callback.login({ organization: 'nobody' }), { code: 'PN001' });
  await assert.rejects(callback.login({ provider: 'facebook' }), { code: 'PN001' });
  await assert.rejects(callback.login({ absent_reason: 'because' }), { code: 'PN002' });
  const unmasked = { personnummer_index: 'v1.x', personnummer_sealed: 'x', personnummer_masked: decoyNumber };
  await assert.rejects(callback.login(unmasked), (error: Error & { code: string; detail?: string }) => {
    assert.equal(error.code, 'PN002');
    assert.equal(error.detail, undefined);
    assert.ok(!error.message.includes(decoyNumber));
    return true;
  });
  assert.equal((await counts(db)).observations, 0);
});

test('a provider row that names a secret itself, an algorithm that proves nothing, or a scope that is none, is refused', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  await assert.rejects(addProvider(db, organization, { client_secret_env: 'hunter2' }), { code: '23514' });
  await assert.rejects(addProvider(db, organization, { id_token_signed_response_alg: 'none' }), { code: '23514' });
  await assert.rejects(addProvider(db, organization, { id_token_signed_response_alg: 'HS256' }), { code: '23514' });
  // The callback reads all rows together: one that it cannot read would keep out every organisation's members.
  await assert.rejects(addProvider(db, organization, { scopes: ['openid', null] }), { code: '23514' });
});
