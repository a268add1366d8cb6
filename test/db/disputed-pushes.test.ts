import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { type ActingCallback, actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk, type Case, type Desk } from '../support/desk.ts';
import { claimPush, claimPushes, pushWorker, unavailable } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';

// A number that is in question in an open case is not carried to the member system until the case is settled.

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;
const OLA = {
  given_name: 'Ola',
  family_name: 'Hansen',
  birth_date: null,
  phone: '+4790000077',
  email: 'ola@example.org',
};

type Push = { id: string; state: string; waits_for_conflict_id: string | null; personnummer_index: string };

const push = (db: TestDatabase, id: string) => one<Push>(db, 'select * from sync.pushes where id = $1', [id]);
/** Whether a worker gets it, alone or with others. */
async function isSent(db: TestDatabase, id: string): Promise<boolean> {
  const together = await claimPushes(db.pool, [id], ['w']);
  const claim = await pushWorker(db).claim(id);
  return together.length === 1 || claim !== undefined;
}
const jobs = async (db: TestDatabase, id: string) =>
  (
    await db.pool.query(
      `select run_at <= now() as due from graphile_worker.jobs where key = 'push_personnummer:' || $1`,
      [id],
    )
  ).rows;

/** Kari's record was filled a moment ago, and the same login brings another number now. */
async function disputed({ db, callback, openCases }: Desk) {
  const kari = await addKari(db, callback);
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'filled');
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  assert.equal((await callback.login({ personnummer: OTHER_NUMBER })).outcome, 'conflict');
  const [found] = await openCases();
  assert.equal((await push(db, id)).waits_for_conflict_id, found?.id);
  assert.equal(await isSent(db, id), false, 'it waits');
  return { kari, id, found: found as Case };
}

const pushes = async (db: TestDatabase) =>
  (
    await db.pool.query(
      `select p.state, p.waits_for_conflict_id is not null as waits, o.personnummer_masked as carries
       from sync.pushes as p left join registry.observations as o on o.id = p.observation_id order by p.created_at`,
    )
  ).rows;

test('accepted: the number of the login takes its place, and is sent', () =>
  atTheDesk(async (desk) => {
    const { id } = await disputed(desk);
    assert.equal((await desk.settle('accept_observed')).state, 'resolved');
    assert.deepEqual(await pushes(desk.db), [
      { state: 'superseded', waits: false, carries: '018150*****' },
      { state: 'pending', waits: false, carries: '319261*****' },
    ]);
    assert.equal(await isSent(desk.db, id), false);
    const next = await one<Push>(desk.db, `select * from sync.pushes where state = 'pending'`);
    assert.equal(await isSent(desk.db, next.id), true);
  }));

for (const decision of ['keep_existing', 'not_same_person']) {
  test(`${decision}: the recorded number is sent at once`, () =>
    atTheDesk(async (desk) => {
      const { id } = await disputed(desk);
      await desk.db.pool.query('select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))');
      assert.equal((await desk.settle(decision)).state, 'resolved');
      assert.deepEqual(await jobs(desk.db, id), [{ due: true }]);
      assert.equal(await isSent(desk.db, id), true);
    }));
}

test('merged: the merged record has nothing more to say; undone: it waits with the case that is open again', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    await addMember(db, desk.callback.organization, { ...OLA, personnummer: OTHER_NUMBER });
    const { id, found } = await disputed(desk);
    assert.equal((await desk.settle('merge_into')).state, 'resolved');
    assert.equal((await push(db, id)).state, 'superseded');
    assert.equal((await coordinator.call('undo_resolution', found.id, null)).state, 'open');
    const again = await one<Push>(db, `select * from sync.pushes where state = 'pending'`);
    assert.equal(again.waits_for_conflict_id, found.id);
    assert.equal(await isSent(db, again.id), false);
    assert.equal((await desk.settle('keep_existing')).state, 'resolved');
    assert.equal(await isSent(db, again.id), true);
  }));

test('undone: what was let go and has not left waits again; what the undo itself brings back does not wait', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { id, found } = await disputed(desk);
    await desk.settle('keep_existing');
    assert.equal((await coordinator.call('undo_resolution', found.id, null)).state, 'open');
    assert.equal(await isSent(db, id), false);
    await desk.settle('accept_observed');
    assert.equal((await coordinator.call('undo_resolution', found.id, null)).state, 'open');
    const back = await one<Push>(db, `select * from sync.pushes where state = 'pending'`);
    assert.deepEqual(
      [back.waits_for_conflict_id, await isSent(db, back.id)],
      [null, true],
      'the member system hears of the undo',
    );
  }));

test('superseded: a case that has answered itself lets go what waited for it', () =>
  atTheDesk(async ({ db, callback, openCases }) => {
    await addKari(db, callback);
    const ola = await addMember(db, callback.organization, OLA);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const asOla = (personnummer: string, contact = {}) =>
      callback.login({ ...OLA, ...contact, subject: 'subject-of-ola', personnummer });
    assert.equal(
      (await asOla(NUMBER, { phone: '+4790000078', email: 'new@example.org' })).outcome,
      'name_mismatch',
      "the number is on Kari's record",
    );
    const [mismatch] = await openCases();
    assert.equal((await push(db, id)).waits_for_conflict_id, mismatch?.id);
    await db.pool.query(
      `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
       select organization_id, issuer, subject, $1, provider, 'coordinator' from registry.observations where subject = 'subject-of-ola'`,
      [ola.id],
    );
    assert.equal((await asOla(NUMBER)).outcome, 'duplicate');
    await db.pool.query(
      `update registry.conflicts set state = 'superseded', superseded_by = 'a test', closed_at = now() where id = $1`,
      [mismatch?.id],
    );
    const [duplicate] = await openCases();
    assert.equal((await push(db, id)).waits_for_conflict_id, duplicate?.id, 'the other case is about that number too');
    assert.equal(await isSent(db, id), false);
    assert.equal((await asOla(THIRD_NUMBER)).outcome, 'filled');
    assert.deepEqual(await openCases(), []);
    assert.equal(await isSent(db, id), true);
  }));

test('of two cases about one number both must be settled; a decision on one is newer than the other only if it came later', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { id } = await disputed(desk);
    await callback.login({ personnummer: THIRD_NUMBER });
    await desk.settle('keep_existing');
    assert.equal(await isSent(db, id), false);
    await desk.settle('accept_observed');
    const accepted = await one<Push>(db, `select * from sync.pushes where state = 'pending'`);
    assert.equal(accepted.waits_for_conflict_id, null);
    await callback.login({ personnummer: NUMBER });
    assert.notEqual(
      (await push(db, accepted.id)).waits_for_conflict_id,
      null,
      'a login after the decision puts it in question',
    );
  }));

test('cases that are not about the number make nobody wait', () =>
  atTheDesk(async ({ db, callback, openCases }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const { rows } = await db.pool.query('select user_id from registry.members');
    assert.equal(rows.length, 1);
    await callback.pool.query(
      `select login.record_revocation($1, 'vipps', 'nobody', 'CONSENT_REVOKED', now(), false)`,
      [callback.organization.slug],
    );
    await callback.login({ subject: 'another', family_name: 'Hansen' });
    assert.deepEqual(
      (await openCases()).map(({ kind }) => kind),
      ['name_mismatch'],
    );
    assert.equal(await isSent(db, id), true);
  }));

test('what waits can be seen, and nothing makes it leave: no retry, no probe, no worklist, no file, no daily try', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { id, found } = await disputed(desk);
    const [row] = await coordinator.query('select * from api.failed_syncs');
    assert.deepEqual(
      [row?.push_id, row?.state, row?.waits_for_conflict_id, row?.next_attempt_at],
      [id, 'pending', found.id, null],
    );
    assert.match(row?.reason, /case/);
    const [waiting] = await coordinator.query('select * from api.open_conflicts');
    assert.equal(waiting?.waiting_changes, 1);
    const { rows } = await db.pool.query(`select event, conflict_id from audit.events where push_id = $1 order by id`, [
      id,
    ]);
    assert.deepEqual(rows.at(-1), { event: 'conflict', conflict_id: found.id }, 'the event of the case names the push');
    assert.equal((await coordinator.call('retry_sync', id)).code, 'disputed');
    await db.pool.query(`insert into sync.breakers (organization_id, state, failures, openings, error_code, opened_at, probe_at)
      values ('${desk.callback.organization.id}', 'open', 5, 1, 'http_5xx', now(), now())`);
    await db.pool.query('select * from worker.sweep()');
    await db.pool.query(
      `update sync.breakers set state = 'closed', opened_at = null, probe_at = null, probe_push_id = null`,
    );
    await db.pool.query('select private.hasten_pushes($1)', [desk.callback.organization.id]);
    await db.pool.query('select * from worker.reconcile()');
    assert.equal(await isSent(db, id), false);
    await db.pool.query(`update sync.pushes set next_attempt_at = now()`);
    assert.equal(await isSent(db, id), false, 'not even by hand');
    await db.pool.query(`update sync.member_systems set kind = 'worklist', url_template = null`);
    assert.equal(await isSent(db, id), false);
    const [item] = await coordinator.query('select ready, waits_for_conflict_id from api.worklist');
    assert.deepEqual(item, { ready: false, waits_for_conflict_id: found.id });
    assert.equal((await coordinator.call('fetch_number', id)).code, 'disputed');
    assert.equal((await coordinator.call('mark_done', id)).code, 'disputed');
    await db.pool.query(
      `update sync.member_systems set kind = 'file', receiver_key = '{"kty": "OKP", "crv": "X25519", "kid": "office", "x": "x"}'`,
    );
    assert.equal((await db.pool.query(`select from worker.claim_file('w')`)).rowCount, 0);
    assert.equal((await one(db, 'select count(*)::int as n from graphile_worker.jobs where run_at > now()')).n, 0);
  }));

test('one that is being sent is let go on; if its attempt fails it waits, and given up it is not tried daily', () =>
  atTheDesk(async ({ db, callback, openCases, settle }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const { claim, finish } = pushWorker(db);
    const { fencing_token } = await claim(id);
    await callback.login({ personnummer: OTHER_NUMBER });
    assert.equal((await push(db, id)).state, 'sending');
    assert.equal(await finish(id, fencing_token, { ...unavailable, final: true }), 'given_up');
    const mismatch = (await openCases()).find(({ kind }) => kind === 'mismatch');
    assert.equal((await push(db, id)).waits_for_conflict_id, mismatch?.id);
    const held = await one(db, `select push_id from audit.events where event = 'push_held' and conflict_id = $1`, [
      mismatch?.id,
    ]);
    assert.equal(held.push_id, id);
    assert.equal(await isSent(db, id), false);
    await settle(
      'keep_existing',
      (await openCases()).findIndex(({ kind }) => kind === 'mismatch'),
    );
    assert.equal(await isSent(db, id), true);
  }));

/** An organisation that takes files: one is ready, with Kari's change and Ola's. */
async function withFile({ db, callback }: Desk) {
  await addKari(db, callback);
  await addMember(db, callback.organization, OLA);
  await db.pool.query(
    `update sync.member_systems set kind = 'file', receiver_key = '{"kty": "OKP", "crv": "X25519", "kid": "office", "x": "x"}'`,
  );
  await callback.login({ personnummer: NUMBER });
  await callback.login({ ...OLA, subject: 'subject-of-ola', personnummer: THIRD_NUMBER });
  const claimFile = async () => (await db.pool.query(`select * from worker.claim_file('w')`)).rows;
  const finishFile = async (rows: { file_id: string; push_id: string }[]): Promise<number> =>
    (
      await one(db, `select worker.finish_file($1, 'w', 'a.b.c.d.e', $2, '{}', '{}') as changes`, [
        rows[0]?.file_id,
        rows.map(({ push_id }) => push_id),
      ])
    ).changes;
  const first = await claimFile();
  assert.equal(await finishFile(first), 2);
  const fileState = async () =>
    (await one(db, 'select state from sync.files where id = $1', [first[0].file_id])).state as string;
  return { fileId: first[0].file_id as string, fileState, claimFile, finishFile };
}

test('a file that nobody has fetched is taken back for it, and the others go into the next one', () =>
  atTheDesk(async (desk) => {
    const { db, callback, settle } = desk;
    const { fileState, claimFile, finishFile } = await withFile(desk);
    await callback.login({ personnummer: OTHER_NUMBER });
    await db.pool.query('select * from worker.reconcile()');
    assert.equal(await fileState(), 'expired');
    const second = await claimFile();
    assert.deepEqual(
      second.map(({ external_id }) => external_id),
      [second[0]?.external_id],
    );
    await settle('keep_existing');
    assert.equal(await finishFile(second), 1);
  }));

test('the login that opens the case marks its own push and touches nothing else; who asks for the file has it taken back', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, openCases } = desk;
    const { fileId, fileState, claimFile } = await withFile(desk);
    const rows = async () =>
      (
        await db.pool.query(
          `select 'file' as row, xmin::text from sync.files union all
           select m.given_name, p.xmin::text from sync.pushes as p join registry.members as m on m.id = p.member_id order by 1`,
        )
      ).rows.map(({ row, xmin }) => `${row} ${xmin}`);
    const before = await rows();
    assert.equal((await callback.login({ personnummer: OTHER_NUMBER })).outcome, 'conflict');
    const after = await rows();
    assert.deepEqual(
      after.filter((row) => !before.includes(row)).map((row) => row.split(' ')[0]),
      ['Kari'],
    );
    assert.equal(await fileState(), 'ready');
    const [found] = await openCases();
    const [failed] = await coordinator.query('select waits_for_conflict_id from api.failed_syncs');
    assert.equal(failed?.waits_for_conflict_id, found?.id);
    assert.equal((await coordinator.call('fetch_sync_file', fileId)).code, 'not_ready');
    assert.equal(await fileState(), 'expired');
    assert.equal((await claimFile()).length, 1);
  }));

test('nor can a file be acknowledged that nobody fetched and that holds such a change', () =>
  atTheDesk(async (desk) => {
    const { callback, coordinator } = desk;
    const { fileId, fileState } = await withFile(desk);
    await callback.login({ personnummer: OTHER_NUMBER });
    assert.equal((await coordinator.call('acknowledge_sync_file', fileId)).code, 'not_ready');
    assert.equal(await fileState(), 'expired');
  }));

test('the case is settled before anybody asked for the file: it stays as it is', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, settle } = desk;
    const { fileId, fileState } = await withFile(desk);
    await callback.login({ personnummer: OTHER_NUMBER });
    await settle('keep_existing');
    await db.pool.query('select * from worker.reconcile()');
    assert.equal(await fileState(), 'ready');
    const due = await one(
      db,
      `select bool_and(p.waits_for_conflict_id is null and p.next_attempt_at = p.accepted_until) as together from sync.pushes as p`,
    );
    assert.equal(due.together, true);
    assert.equal((await coordinator.call('fetch_sync_file', fileId)).changes, 2);
  }));

test('what somebody has fetched is out: a case that is opened then makes nothing wait', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const { fileId, fileState } = await withFile(desk);
    await coordinator.call('fetch_sync_file', fileId);
    await callback.login({ personnummer: OTHER_NUMBER });
    await db.pool.query('select * from worker.reconcile()');
    assert.equal(await fileState(), 'ready');
    assert.equal((await one(db, 'select count(waits_for_conflict_id)::int as n from sync.pushes')).n, 0);
    assert.equal((await coordinator.call('acknowledge_sync_file', fileId)).delivered, 2);
  }));

test('a change that a case opened while it was put on the worklist is not there: no event says that it was taken in', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const { claim, finish } = pushWorker(db);
    const events = async () =>
      (await db.pool.query('select event, message from audit.events where push_id = $1 order by id', [id])).rows;
    const { fencing_token } = await claim(id);
    await db.pool.query('select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))');
    await callback.login({ personnummer: OTHER_NUMBER });
    assert.equal(await finish(id, fencing_token, { result: 'accepted' }), 'pending');
    assert.notEqual((await push(db, id)).waits_for_conflict_id, null);
    assert.deepEqual(
      (await events()).map(({ event }) => event),
      ['filled', 'push_held'],
    );
    assert.deepEqual(await jobs(db, id), [], 'it gets its job when it goes on');
    await settle('keep_existing');
    const again = await claim(id);
    assert.equal(await finish(id, again.fencing_token, { result: 'accepted' }), 'pending');
    const { event, message } = (await events()).at(-1);
    assert.equal(event, 'push_accepted');
    assert.match(message, /worklist/);
  }));

test('the metrics count what waits for a case, also what was given up before, and count it once', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    const metrics = () =>
      one(db, 'select waiting, sending, accepted, refused, given_up, disputed from worker.metrics()');
    const nothing = { waiting: 0, sending: 0, accepted: 0, refused: 0, given_up: 0, disputed: 0 };
    await pushWorker(db).attempt(id, { ...unavailable, final: true });
    assert.deepEqual(await metrics(), { ...nothing, given_up: 1 });
    await callback.login({ personnummer: OTHER_NUMBER });
    assert.deepEqual(await metrics(), { ...nothing, disputed: 1 });
    await settle('keep_existing', 1);
    assert.deepEqual(await metrics(), { ...nothing, given_up: 1 });
  }));

test('a case that is opened while a file is written gives the file up', () =>
  atTheDesk(async ({ db, callback }) => {
    await addKari(db, callback);
    await db.pool.query(
      `update sync.member_systems set kind = 'file', receiver_key = '{"kty": "OKP", "crv": "X25519", "kid": "office", "x": "x"}'`,
    );
    await callback.login({ personnummer: NUMBER });
    const { rows } = await db.pool.query(`select * from worker.claim_file('w')`);
    await callback.login({ personnummer: OTHER_NUMBER });
    const finished = await one(db, `select worker.finish_file($1, 'w', 'a.b.c.d.e', $2, '{}', '{}') as changes`, [
      rows[0].file_id,
      [rows[0].push_id],
    ]);
    assert.equal(finished.changes, null);
  }));

test('a claim and the opening of a case at the same moment: one of them is first, and nothing is stuck afterwards', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    await using worker = await begin(db);
    await claimPush(worker, id);
    const login = callback.login({ personnummer: OTHER_NUMBER });
    await blocked(db, 1);
    await worker.query('rollback');
    assert.equal((await login).outcome, 'conflict');
    assert.equal(await isSent(db, id), false);
    await settle('keep_existing');
    assert.equal(await isSent(db, id), true);
  }));

type Step =
  | { does: 'login'; person: number; number: number }
  | { does: 'decide' | 'undo'; nth: number; decision: string }
  | { does: 'fail' };
const DECISIONS = ['accept_observed', 'keep_existing', 'not_same_person', 'merge_into'];
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('login' as const), person: fc.nat(2), number: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('decide' as const, 'undo' as const),
      nth: fc.nat(3),
      decision: fc.constantFrom(...DECISIONS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('fail' as const) }) },
);

/** What could leave although its number is in question, or waits although nothing is: in words of the rule, not of its function. */
const WRONG = `
  select p.id, p.state, q.id as question from sync.pushes as p
  join registry.members as m on m.id = p.member_id
  left join lateral (
    select c.id from registry.conflicts as c
    where c.organization_id = p.organization_id and c.state = 'open' and (not p.decided or c.opened_at > p.created_at)
      and (c.kind = 'mismatch' and c.member_id = p.member_id
        or c.personnummer_index = m.personnummer_index and m.id = any (c.candidates || c.member_id || c.other_member_id)) limit 1
  ) as q on true
  where p.organization_id = $1 and p.state in ('pending', 'given_up') and p.next_attempt_at is not null
    and (q.id is null) is distinct from (p.waits_for_conflict_id is null and p.next_attempt_at < 'infinity')`;

test('whatever happens in whatever order, a push waits just while its number is in question', async () => {
  await using db = await createTestDatabase();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      const callback = await actAsCallback(db);
      const coordinator = await becomeCoordinator(db, callback.organization);
      const people = [{ given_name: 'Kari' }, { given_name: 'Ola' }, { given_name: 'Per' }].map((name, nth) => ({
        ...name,
        family_name: `Etternavn${'abc'[nth]}`,
        birth_date: null,
        phone: `+4790000${callback.organization.id.slice(0, 2).charCodeAt(0)}${nth}`,
        email: `${nth}@example.org`,
      }));
      for (const person of people) await addMember(db, callback.organization, person);
      for (const each of steps) {
        await play(db, callback, coordinator, people, each);
        const { rows } = await db.pool.query(WRONG, [callback.organization.id]);
        assert.deepEqual(rows, [], JSON.stringify(each));
        assert.equal(
          (await one(db, `select count(*)::int as n from registry.observations where outcome = 'deferred'`)).n,
          0,
        );
      }
    }),
    { numRuns: 25, seed: 20261128 },
  );
});

async function play(
  db: TestDatabase,
  callback: ActingCallback,
  coordinator: Desk['coordinator'],
  people: object[],
  each: Step,
) {
  if (each.does === 'login') {
    const person = people[each.person] as object;
    await callback.login({
      ...person,
      subject: `subject-${each.person}`,
      personnummer: sampleNumbers[each.number] as string,
    });
  } else if (each.does === 'decide') {
    const cases = await coordinator.query<Case>('select * from api.open_conflicts order by opened_at, id');
    const found = cases[each.nth % Math.max(1, cases.length)];
    if (found) await coordinator.call('resolve_conflict', found.id, each.decision, null, found.version);
  } else if (each.does === 'undo') {
    const { rows } = await db.pool.query(
      `select id from registry.conflicts where organization_id = $1 and state = 'resolved' order by closed_at desc`,
      [callback.organization.id],
    );
    if (rows[each.nth]) await coordinator.call('undo_resolution', rows[each.nth].id, null);
  } else {
    const { rows } = await db.pool.query(
      `select id from sync.pushes where organization_id = $1 and state = 'pending' order by created_at limit 1`,
      [callback.organization.id],
    );
    const { claim, finish } = pushWorker(db);
    const claimed = rows[0] && (await claim(rows[0].id));
    if (claimed) await finish(rows[0].id, claimed.fencing_token, { ...unavailable, final: true });
  }
}
