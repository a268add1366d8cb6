import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import type { TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { pushWorker, unavailable } from '../support/push-worker.ts';
import { sampleNumbers } from '../support/samples.ts';

// Whatever a coordinator, a member or a stranger repeats: tables that keep their rows for good do not grow with it.

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
const OFTEN = 40;
const MOST_EVENTS = 5;

/** A call of each function of the API that is refused, by its name. */
const REFUSED: Record<string, () => unknown[]> = {
  acknowledge_sync_file: () => [randomUUID(), '{}'],
  add_comment: () => [randomUUID(), 'asked her'],
  approve: () => [randomUUID(), 1],
  assign_conflict: () => [randomUUID(), null],
  cancel_invoice: () => [randomUUID(), 'sent by post'],
  count_grant_area: () => [randomUUID(), 2025, '{03}', null],
  decline: () => [randomUUID(), null, 1],
  erase_member: () => [randomUUID(), 'asked by letter', 1],
  export_member: () => [randomUUID()],
  fetch_erasure_receipt: () => [randomUUID()],
  fetch_number: () => [randomUUID()],
  fetch_sync_file: () => [randomUUID()],
  find_members: () => ['k'],
  grant_list: () => [randomUUID(), 'counted', 0, 10],
  grant_report: () => [randomUUID()],
  grant_sample: () => [randomUUID(), 10, ''],
  link_login: () => [randomUUID(), randomUUID(), null],
  login_suggestions: () => [randomUUID()],
  make_grant_snapshot: () => ['nobody', 2025, 'bufdir-disability'],
  mark_done: () => [randomUUID()],
  postpone_conflict: () => [randomUUID(), null, null],
  propose_grant_freeze: () => [randomUUID(), null, 1],
  propose_receiver_key: () => ['nobody', {}],
  resolve_conflict: () => [randomUUID(), 'keep_existing', null, 1],
  resolve_conflicts: () => ['{}', 'keep_existing', null, '{}'],
  retry_invoice: () => [randomUUID()],
  retry_sync: () => [randomUUID()],
  set_language: () => ['no'],
  undo_resolution: () => [randomUUID(), null],
  withdraw_my_consent: () => [],
  withdraw_proposal: () => [randomUUID(), 1],
};

/** Rows of every table of ours that keeps them, together. */
async function permanentRows(db: TestDatabase): Promise<number> {
  const { rows } = await db.pool.query<{ place: string }>(
    `select c.oid::regclass::text as place from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('registry', 'sync', 'audit', 'reporting', 'billing') and c.relkind in ('r', 'p')`,
  );
  const counted = await one<{ n: number }>(
    db,
    `select ${rows.map(({ place }) => `(select count(*) from ${place})`).join(' + ')} as n`,
  );
  return Number(counted.n);
}

const repeat = async (times: number, action: () => Promise<unknown>) => {
  for (let n = 0; n < times; n += 1) await action();
};
/** As if it were an hour later, and the worker had looked. */
async function anHourLater(db: TestDatabase) {
  await db.pool.query(`update registry.repeated_events set hour = hour - interval '1 hour'`);
  await db.pool.query('select * from worker.reconcile()');
}

test('refusals are counted, for each function of the API, and for each coordinator', () =>
  atTheDesk(async ({ db, coordinator }) => {
    const { rows } = await db.pool.query(
      `select proname as name from pg_proc where pronamespace = 'api'::regnamespace order by 1`,
    );
    assert.deepEqual(
      rows.map(({ name }) => name),
      Object.keys(REFUSED).toSorted(),
      'every function of the API is in the table above',
    );
    for (const [name, values] of Object.entries(REFUSED)) {
      const before = await permanentRows(db);
      await repeat(OFTEN, async () => {
        const { code } = await coordinator.call(name, ...values());
        assert.ok(code, `${name} is refused`);
      });
      assert.ok((await permanentRows(db)) - before <= MOST_EVENTS + 1, name);
    }
    await anHourLater(db);
    const said = await db.pool.query(
      `select detail ->> 'action' as action, actor, count(*)::int as events, sum(coalesce((detail ->> 'repeated')::int, 1))::int as times
       from audit.events where event = 'refused' group by 1, 2 order by 1`,
    );
    const actor = `coordinator:${coordinator.userId}`;
    assert.deepEqual(
      said.rows,
      Object.keys(REFUSED).map((action) => ({ action, actor, events: MOST_EVENTS + 1, times: OFTEN })),
      'nothing of the number is lost',
    );
    assert.equal((await one(db, 'select count(*)::int as n from registry.repeated_events')).n, 0);
  }));

test('another coordinator, and another kind of refusal, are events of their own', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const other = await becomeCoordinator(db, callback.organization);
    await repeat(OFTEN, () => coordinator.call('mark_done', randomUUID()));
    await other.call('mark_done', randomUUID());
    await coordinator.call('resolve_conflict', randomUUID(), 'keep_existing', null, 1);
    const { rows } = await db.pool.query(
      `select actor from audit.events where event = 'refused' order by id desc limit 2`,
    );
    assert.deepEqual(rows, [{ actor: `coordinator:${coordinator.userId}` }, { actor: `coordinator:${other.userId}` }]);
  }));

test('people who are no coordinators count together: there may be any number of them', () =>
  atTheDesk(async ({ db }) => {
    const before = await permanentRows(db);
    await repeat(OFTEN, async () => {
      const nobody = await becomeCoordinator(db);
      assert.equal((await nobody.call('mark_done', randomUUID())).code, 'not_found');
    });
    assert.ok((await permanentRows(db)) - before <= MOST_EVENTS + 1);
  }));

type Repeated = (desk: Desk, coordinator: Coordinator) => Promise<() => Promise<unknown>>;
/** What may be done again and again without anything changing. */
const ACCEPTED: Record<string, Repeated> = {
  async 'a number is fetched'({ db, callback, coordinator }) {
    await db.pool.query(`update sync.member_systems set kind = 'worklist', url_template = null`);
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    await db.pool.query(
      `update sync.pushes set accepted_until = now() + interval '1 day', receiver_sealed = 'a.b.c.d.e'`,
    );
    return async () => assert.equal((await coordinator.call('fetch_number', id)).sealed, 'a.b.c.d.e');
  },
  async 'a file is fetched'({ db, callback, coordinator }) {
    const { id } = await one<{ id: string }>(
      db,
      `insert into sync.files (organization_id, state, content, leased_by, ready_at, accept_until)
       values ($1, 'ready', 'a.b.c.d.e', 'w', now(), now() + interval '1 day') returning id`,
      [callback.organization.id],
    );
    return async () => assert.equal((await coordinator.call('fetch_sync_file', id)).sealed, 'a.b.c.d.e');
  },
  async 'a push that waits is tried again'({ db, callback, coordinator }) {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    assert.equal(await pushWorker(db).attempt(id, unavailable), 'pending');
    return async () => assert.equal((await coordinator.call('retry_sync', id)).state, 'pending');
  },
  async 'all pushes with one code are tried again'({ db, callback, coordinator }) {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
    assert.equal(await pushWorker(db).attempt(id, unavailable), 'pending');
    return () => coordinator.call('retry_sync', null, null, 'http_5xx');
  },
  async 'a decision is made and taken back'({ db, callback, coordinator, openCases }) {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const [found] = await openCases();
    let undone = 0;
    return async () => {
      const [now] = await openCases();
      if (now) await coordinator.call('resolve_conflict', found?.id, 'keep_existing', null, now.version);
      const reply = await coordinator.call('undo_resolution', found?.id, null);
      undone += Number(reply.state === 'open');
      assert.ok(undone <= 20, 'twenty times');
      assert.ok(reply.state === 'open' || reply.code === 'undone_too_often');
    };
  },
  async 'a case is taken and postponed, given back and no longer postponed'({ db, callback, coordinator, openCases }) {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const [found] = await openCases();
    return async () => {
      for (const user of [coordinator.userId, null])
        assert.equal((await coordinator.call('assign_conflict', found?.id, user)).assigned_to, user);
      assert.equal((await coordinator.call('postpone_conflict', found?.id, null, null)).state, 'open');
    };
  },
  async 'the same message says that consent was withdrawn, with another time'({ db, callback }) {
    await addKari(db, callback);
    await callback.login();
    let issued = Date.now();
    const text = `select login.record_revocation($1, 'vipps', 'subject-of-kari', 'CONSENT_REVOKED', $2, true)`;
    return () => {
      issued += 1_000;
      return callback.pool.query(text, [callback.organization.slug, new Date(issued)]);
    };
  },
};
/** Rows that one of these may leave, however often: events and their count, and what is needed to look the rest up. */
const MOST_ROWS: Record<string, number> = {
  'a decision is made and taken back': 4 * 20,
  'a case is taken and postponed, given back and no longer postponed': 2 * (MOST_EVENTS + 1),
  'the same message says that consent was withdrawn, with another time': OFTEN + MOST_EVENTS + 1,
};

for (const [what, prepare] of Object.entries(ACCEPTED)) {
  test(`${what}, ${OFTEN} times: few rows`, () =>
    atTheDesk(async (desk) => {
      const again = await prepare(desk, desk.coordinator);
      await again();
      const before = await permanentRows(desk.db);
      await repeat(OFTEN, again);
      const grown = (await permanentRows(desk.db)) - before;
      assert.ok(grown <= (MOST_ROWS[what] ?? MOST_EVENTS + 1), `${grown} rows`);
    }));
}

test('messages about subjects that nobody has heard of are stored a thousand times in an hour, and are events five times', () =>
  atTheDesk(async ({ db, callback }) => {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    await db.pool.query(
      `do $$ begin
         for n in 1 .. 1100 loop
           perform login.record_revocation('${callback.organization.slug}', 'vipps', 'nobody ' || n, 'CONSENT_REVOKED', now(), false);
         end loop;
       end $$`,
    );
    assert.equal((await one(db, 'select count(*)::int as n from registry.revocations')).n, 1000);
    const events = () => one(db, `select count(*)::int as n from audit.events where event = 'revocation_received'`);
    assert.equal((await events()).n, MOST_EVENTS);
    await db.pool.query(
      `select login.record_revocation($1, 'vipps', 'subject-of-kari', 'CONSENT_REVOKED', now() + interval '1 s', false)`,
      [callback.organization.slug],
    );
    assert.equal(
      (await one(db, 'select state from sync.pushes')).state,
      'cancelled',
      'one that concerns somebody has its effect',
    );
    assert.equal((await events()).n, MOST_EVENTS + 1);
    await callback.login({
      personnummer: OTHER_NUMBER,
      subject: 'seen before',
      email: 'nobody@example.no',
      phone: null,
    });
    await db.pool.query(`select login.record_revocation($1, 'vipps', 'seen before', 'CONSENT_REVOKED', now(), false)`, [
      callback.organization.slug,
    ]);
    const kept = `select count(*)::int as n from registry.revocations where subject = 'seen before'`;
    assert.equal((await one(db, kept)).n, 1, 'a login that is not linked yet may be so later');
    await db.pool.query(`update registry.revocations set received_at = now() - interval '13 months'`);
    await db.pool.query('select worker.erase_expired(5000)');
    assert.equal((await one(db, 'select count(*)::int as n from registry.revocations')).n, 0);
  }));
