import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { atTheDesk, eventsBy, record } from '../support/desk.ts';
import { pushWorker } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

test('accept_observed: the record takes the number, the push is queued, the coordinator is the actor', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const reply = await settle('accept_observed');
    assert.deepEqual([reply.state, reply.decision, reply.version], ['resolved', 'accept_observed', 2]);
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await one(db, 'select state from sync.pushes')).state, 'pending');
    assert.deepEqual(await eventsBy(db), ['number_accepted', 'case_resolved']);
    assert.equal(
      (await one(db, `select actor from audit.events where event = 'case_resolved'`)).actor,
      `coordinator:${coordinator.userId}`,
    );
    assert.deepEqual(await openCases(), []);
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'confirmed');
  }));

test('keep_existing: the same disagreement is known from then on; a new, different number is a new case', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    await settle('keep_existing');
    assert.equal((await record(db, kari.id)).version, 1);
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'conflict');
    assert.deepEqual(await openCases(), []);
    const last = await one(db, `select detail from audit.events where event = 'conflict' order by id desc limit 1`);
    assert.equal(last.detail.known, true);
    await callback.login({ personnummer: THIRD_NUMBER });
    assert.equal((await openCases()).length, 1);
  }));

test('not_same_person: the login is excluded from the member for good, and its sessions end', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    const { observation_id } = await callback.login({ personnummer: NUMBER });
    await callback.pool.query(
      `select login.open_session($1, sha256('code'), repeat('x', 43), 'https://app.example/return')`,
      [observation_id],
    );
    await settle('not_same_person');
    assert.equal((await one(db, 'select count(*)::int as n from registry.identity_links')).n, 0);
    assert.equal((await one(db, 'select end_reason from registry.sessions')).end_reason, 'link_removed');
    const again = await callback.login({ personnummer: NUMBER });
    assert.deepEqual([again.outcome, again.member_id], ['unlinked', null]);
  }));

test('a mismatch whose number another member has: accepting is refused with a reason', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login();
    await addMember(db, callback.organization, { personnummer: NUMBER });
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'conflict');
    assert.equal((await settle('accept_observed')).code, 'number_taken');
  }));

test('name_mismatch accepted: the login is linked and the missing number filled', () =>
  atTheDesk(async ({ db, callback, settle, coordinator }) => {
    const kari = await addKari(db, callback);
    const married = { personnummer: NUMBER, family_name: 'Hansen' };
    assert.equal((await callback.login(married)).outcome, 'name_mismatch');
    const reply = await settle('accept_observed');
    assert.deepEqual(await eventsBy(db), ['linked', 'number_accepted', 'case_resolved']);
    assert.equal((await callback.login(married)).outcome, 'confirmed');
    const undone = await coordinator.call('undo_resolution', reply.conflict_id, 'not her');
    assert.equal(undone.state, 'open');
    const member = await record(db, kari.id);
    assert.deepEqual([member.personnummer_index, member.personnummer_source], [null, null]);
    const push = await one(db, `select personnummer_index from sync.pushes where state = 'pending'`);
    assert.equal(push.personnummer_index, null, 'the compensating push takes the number away again');
    assert.equal((await callback.login(married)).outcome, 'name_mismatch');
  }));

test('ambiguous: none of them, remembered; or the one the coordinator links', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const [first] = [await addKari(db, callback), await addKari(db, callback)];
    const { observation_id } = await callback.login({ personnummer: NUMBER });
    assert.equal((await settle('accept_observed')).code, 'decision_not_applicable');
    const [shown] = (await openCases()) as unknown as { version: number }[];
    await db.pool.query('update registry.conflicts set version = version + 1');
    const stale = await coordinator.call('link_login', observation_id, first?.id, 'asked her', shown?.version);
    assert.equal(stale.code, 'stale_version');
    const now = (shown?.version ?? 0) + 1;
    const linked = await coordinator.call('link_login', observation_id, first?.id, 'asked her', now);
    assert.equal(linked.linked, true);
    assert.deepEqual(await openCases(), []);
    const again = await callback.login({ personnummer: NUMBER });
    assert.deepEqual([again.outcome, again.member_id], ['confirmed', first?.id]);
    assert.equal((await coordinator.call('link_login', observation_id, first?.id, null)).code, 'already_linked');

    const stranger = { subject: 'stranger', personnummer: OTHER_NUMBER };
    assert.equal((await callback.login(stranger)).outcome, 'ambiguous');
    await settle('not_same_person');
    assert.equal((await callback.login(stranger)).outcome, 'unlinked');
  }));

test('a stale version, a settled case, an unknown decision, an unknown id: refused, and the refusal is audited', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
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

test('a mismatch is classified without showing the numbers', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    await addKari(db, callback, { personnummer: '52829431130' });
    await callback.login({ personnummer: NUMBER });
    const [open] = await coordinator.query<{ detail: Record<string, unknown> }>(
      'select detail from api.open_conflicts',
    );
    assert.equal(open?.detail.d_number_to_personnummer, true);
    assert.equal(open?.detail.same_birth_date, false);
    assert.equal(open?.detail.observed_synthetic, true);
  }));

test('that a number was kept says nothing of the one that took its place later', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await db.pool.query(`update registry.members set personnummer_source = 'import', personnummer_at = now()`);
    await callback.login({ personnummer: NUMBER });
    const verified = async () =>
      (await one(db, 'select private.number_is_verified(m) as is from registry.members as m where id = $1', [kari.id]))
        .is;
    assert.equal(await verified(), false);
    await settle('keep_existing');
    assert.equal(await verified(), true);
    await db.pool.query(
      `update registry.members set personnummer_index = 'v1.newer', personnummer_at = clock_timestamp()`,
    );
    assert.equal(await verified(), false, 'an export may replace what an export brought');
  }));

test('a mismatch says whether the number of the record was written after the login came', () =>
  atTheDesk(async ({ db, callback, openCases }) => {
    const hours = (from: number) => new Date(Date.now() + from * 3_600_000);
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    const written = async (at: Date | null) => {
      await db.pool.query('delete from registry.conflicts');
      await db.pool.query(
        `update registry.members set personnummer_source = 'import', personnummer_at = $2 where id = $1`,
        [kari.id, at],
      );
      // The provider's time of an old single sign-on says nothing: both times are those of our own clock.
      await callback.login({ personnummer: NUMBER, authenticated_at: hours(-2) });
      return ((await openCases())[0] as unknown as { detail: { older_than_record: boolean } }).detail.older_than_record;
    };
    assert.equal(await written(hours(1)), true, 'the login waited while the record got its number');
    assert.equal(await written(hours(-1)), false, 'before the login came, and after the person authenticated');
    assert.equal(await written(null), false, 'nobody knows when');
  }));

test('retry_sync: a refused push is followed by a new one and its case closed; one that waits is tried at once', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    assert.equal((await coordinator.call('retry_sync', id)).code, 'not_failed');
    const fail = async (push: string, result: string) => {
      await pushWorker(db).attempt(push, { result, status: 503, code: 'http_503' });
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
