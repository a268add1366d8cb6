import assert from 'node:assert/strict';
import { test } from 'vitest';
import { importByHand } from '../members-import/support/by-hand.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { pushWorker } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

/** As the worker does every minute; as if the last count were long ago. */
async function count(db: TestDatabase): Promise<void> {
  await db.pool.query(`update registry.figures set counted_at = '2000-01-01'`);
  assert.ok((await one<{ n: number }>(db, 'select worker.count_figures() as n')).n > 0);
}

const quality = async ({ coordinator }: Pick<Desk, 'coordinator'>) =>
  (await coordinator.query('select * from api.data_quality'))[0] ?? {};
const months = ({ coordinator }: Pick<Desk, 'coordinator'>) =>
  coordinator.query('select *, month::text as begins from api.monthly_figures order by begins');
const running = async (desk: Pick<Desk, 'coordinator'>) => (await months(desk)).at(-1) ?? {};
const part = (row: Record<string, unknown>, names: string[]) =>
  Object.fromEntries(names.map((name) => [name, Number(row[name])]));

const OUTCOMES = ['filled', 'confirmed', 'conflict', 'duplicate', 'absent', 'unlinked', 'ambiguous', 'name_mismatch'];
/** Figures of one month in which nothing else happened. */
const just = (counted: Record<string, number>) => ({
  ...Object.fromEntries(OUTCOMES.map((name) => [name, 0])),
  ...counted,
});

const STRANGER = {
  subject: 'nobody',
  given_name: 'Ola',
  family_name: 'Dunk',
  phone: '+4790000444',
  email: 'ola@example.net',
};

/** One login of each common kind: filled, confirmed, absent, unlinked, and one that opens a case. */
async function logIn({ db, callback }: Desk) {
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  await callback.login({ personnummer: NUMBER });
  await callback.login({ absent_reason: 'not_given' });
  await callback.login({ ...STRANGER, personnummer: THIRD_NUMBER });
  await callback.login({ personnummer: OTHER_NUMBER });
}

test('before anybody has counted, nothing is said to be none', () =>
  atTheDesk(async (desk) => {
    await logIn(desk);
    const { members, counted_at, open_cases } = await quality(desk);
    assert.deepEqual([members, counted_at, Number(open_cases)], [null, null, 1]);
    assert.deepEqual(await months(desk), []);
  }));

test('figures are those of the rows when they were counted, say when that was, and follow logins, decisions and undoing', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, settle } = desk;
    await logIn(desk);
    await addMember(db, callback.organization);
    await count(db);
    const first = await quality(desk);
    assert.deepEqual(
      part(first, ['members', 'with_number', 'confirmed_last_12_months', 'unlinked_logins', 'open_cases']),
      { members: 2, with_number: 1, confirmed_last_12_months: 1, unlinked_logins: 1, open_cases: 1 },
    );
    assert.deepEqual(part(first, ['pending_pushes', 'failed_pushes']), { pending_pushes: 1, failed_pushes: 0 });
    assert.ok(Date.now() - (first.counted_at as Date).getTime() < 60_000);
    const month = await running(desk);
    assert.deepEqual(part(month, OUTCOMES), just({ filled: 1, confirmed: 1, absent: 1, unlinked: 1, conflict: 1 }));
    assert.deepEqual(part(month, ['members_with_number', 'cases_opened', 'cases_settled', 'deliveries_done']), {
      members_with_number: 1,
      cases_opened: 1,
      cases_settled: 0,
      deliveries_done: 0,
    });

    await settle('keep_existing');
    assert.equal(Number((await running(desk)).cases_settled), 0, 'as it was counted, not as it is');
    await count(db);
    assert.equal(Number((await running(desk)).cases_settled), 1);
    assert.equal(Number((await quality(desk)).open_cases), 0);
    const [settled] = await coordinator.query<{ id: string }>('select id from api.settled_conflicts');
    assert.equal((await coordinator.call('undo_resolution', settled?.id, 'a mistake')).code, undefined);
    await count(db);
    assert.deepEqual(part(await running(desk), ['cases_opened', 'cases_settled']), {
      cases_opened: 1,
      cases_settled: 0,
    });
    assert.equal((await months(desk)).length, 3, 'the running month and the two before it');
  }));

test('an import is in the next count: its members, their numbers and the case that it opened; no login', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    await count(db);
    const { start, load, finish } = importByHand(db, callback.organization);
    const bring = async (file: string, rows: { line: number; external_id: string; n: number | null }[]) => {
      const { run_id } = await start(file);
      await load(run_id, 0, rows);
      await finish(run_id);
      await count(db);
      return {
        ...part(await quality(desk), ['members', 'with_number', 'confirmed_last_12_months', 'open_cases']),
        ...part(await running(desk), ['members_with_number', 'filled', 'conflict']),
      };
    };
    const first = await bring('a', [
      { line: 2, external_id: 'A', n: 1 },
      { line: 3, external_id: 'B', n: 2 },
      { line: 4, external_id: 'C', n: null },
    ]);
    assert.deepEqual(first, {
      members: 3,
      with_number: 2,
      confirmed_last_12_months: 0,
      open_cases: 0,
      members_with_number: 2,
      filled: 0,
      conflict: 0,
    });
    const second = await bring('b', [
      { line: 2, external_id: 'C', n: 1 },
      { line: 3, external_id: 'D', n: 4 },
    ]);
    assert.deepEqual(
      [second.members, second.with_number, second.members_with_number, second.open_cases],
      [4, 3, 3, 1],
      'the number of another is a case, and no figure',
    );
  }));

test('a login that is decided later is counted once, by what was decided last', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    await addKari(db, callback);
    const { observation_id } = await callback.login({ personnummer: NUMBER });
    // As if it had been put off, and the job had decided.
    await db.pool.query(
      `insert into audit.events (event, source, actor, organization_id, message, observation_id)
       values ('deferred', 'vipps-login', 'auth_callback', $1, 'put off', $2)`,
      [callback.organization.id, observation_id],
    );
    await count(db);
    assert.deepEqual(part(await running(desk), OUTCOMES), just({ filled: 1 }));
  }));

test('months begin at midnight in Norway, whatever the hour is in Greenwich', () =>
  atTheDesk(async (desk) => {
    const { db } = desk;
    await logIn(desk);
    // The second before the running month began there, and the moment it did.
    await db.pool.query(
      `update registry.observations set received_at = case outcome
         when 'filled' then date_trunc('month', now(), 'Europe/Oslo') - interval '1 second'
         else date_trunc('month', now(), 'Europe/Oslo') end`,
    );
    await count(db);
    const [, before, now] = await months(desk);
    assert.deepEqual(part(before ?? {}, OUTCOMES), just({ filled: 1 }));
    assert.deepEqual(part(now ?? {}, OUTCOMES), just({ confirmed: 1, absent: 1, unlinked: 1, conflict: 1 }));
    const { local } = await one(db, `select to_char(now() at time zone 'Europe/Oslo', 'YYYY-MM-01') as local`);
    assert.equal(now?.begins, local);
    assert.equal(before?.members_with_number, null, 'nobody counted then');
  }));

test('months are there from the first login on, and what retention erases changes none', () =>
  atTheDesk(async (desk) => {
    const { db } = desk;
    await logIn(desk);
    await db.pool.query(`update registry.observations set received_at = received_at - interval '14 months'`);
    await count(db);
    const before = (await months(desk)).map((row) => part(row, OUTCOMES));
    assert.ok(before.length >= 15);
    assert.deepEqual(before[0], just({ filled: 1, confirmed: 1, absent: 1, unlinked: 1, conflict: 1 }));
    const { erased } = await one(db, 'select worker.erase_expired(100) as erased');
    assert.ok(erased > 0);
    await count(db);
    assert.deepEqual(
      (await months(desk)).map((row) => part(row, OUTCOMES)),
      before,
    );
    // And were all of it counted anew.
    await db.pool.query('delete from registry.monthly_figures');
    await count(db);
    assert.deepEqual(
      (await months(desk)).map((row) => part(row, OUTCOMES)),
      before,
    );
    const { confirmed_last_12_months } = await quality(desk);
    assert.equal(Number(confirmed_last_12_months), 0);
  }));

test('months that nobody counted are caught up with', () =>
  atTheDesk(async (desk) => {
    const { db } = desk;
    await logIn(desk);
    await count(db);
    // As if the worker had stood still since, half a year ago.
    await db.pool.query(`update registry.observations set received_at = received_at - interval '5 months';
      delete from registry.monthly_figures;
      insert into registry.monthly_figures select organization_id, (date_trunc('month', now() at time zone 'Europe/Oslo') - interval '6 months')::date,
        7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, now() from registry.figures`);
    await count(db);
    const all = await months(desk);
    assert.deepEqual(
      all.map((row) => Number(row.filled)),
      [0, 1, 0, 0, 0, 0, 0],
    );
    assert.equal(Number(all[0]?.members_with_number), 7, 'a month that is over keeps the figure it had');
  }));

test('deliveries are counted in the month in which they ended, and failed ones as long as they are', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    const deliveries = () =>
      coordinator.query<{
        id: string;
        state: string;
        change: string;
        reason: string | null;
        error_code: string | null;
      }>('select * from api.deliveries order by created_at desc, id desc');
    const [push] = await deliveries();
    assert.deepEqual([push?.state, push?.change, push?.reason], ['pending', 'set', null]);
    await pushWorker(db).attempt(push?.id ?? '', { result: 'rejected', status: 422, code: 'http_422' });
    await count(db);
    assert.deepEqual(part(await running(desk), ['deliveries_done', 'deliveries_failed']), {
      deliveries_done: 0,
      deliveries_failed: 1,
    });
    assert.equal(Number((await quality(desk)).failed_pushes), 1);
    const [failed] = await deliveries();
    assert.deepEqual([failed?.state, failed?.error_code], ['rejected', 'http_422']);
    assert.ok(failed?.reason);
    assert.deepEqual(
      await coordinator.query('select push_id, next_attempt_at, reason from api.failed_syncs'),
      await coordinator.query('select id as push_id, next_attempt_at, reason from api.deliveries'),
    );
    await coordinator.call('retry_sync', push?.id);
    const [next] = await deliveries();
    await pushWorker(db).attempt(next?.id ?? '', { result: 'delivered', status: 204 });
    await count(db);
    assert.equal(Number((await running(desk)).deliveries_done), 1);
    assert.equal(Number((await quality(desk)).failed_pushes), 0, 'a later one follows it');
  }));

test('a delivery that takes a number away says so, and one that waits for a case has no time', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, settle } = desk;
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
    await callback.login({ personnummer: OTHER_NUMBER });
    const [waiting] = await coordinator.query('select * from api.deliveries');
    assert.ok(waiting?.waits_for_conflict_id);
    assert.equal(waiting?.next_attempt_at, null);
    await settle('keep_existing');
    await db.pool.query(
      'update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null, personnummer_source = null, personnummer_at = null',
    );
    await db.pool.query('select private.queue_push(id) from registry.members');
    const changes = await coordinator.query('select change, state from api.deliveries order by created_at desc');
    assert.deepEqual(changes[0], { change: 'remove', state: 'pending' });
  }));

test('cases are counted by kind and by age as they are now: open, postponed, proposed and mine are told apart', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const counts = () => coordinator.query('select * from api.conflict_counts order by kind');
    const ages = async () =>
      Object.fromEntries(
        (await coordinator.query('select age, cases from api.open_case_ages')).map(({ age, cases }) => [
          age,
          Number(cases),
        ]),
      );
    const none = { day: 0, week: 0, month: 0, quarter: 0, longer: 0 };
    assert.deepEqual(await counts(), []);
    assert.deepEqual(await ages(), none);
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { rows } = await db.pool.query(
        `insert into registry.conflicts (organization_id, kind, member_id, fingerprint, opened_at)
         select $1, 'consent_revoked', $2, 'case ' || $3::int, now() - $3::int * interval '20 days' - interval '1 minute' returning id`,
        [callback.organization.id, (await addMember(db, callback.organization)).id, n],
      );
      ids.push(rows[0].id);
    }
    await addKari(db, callback, { personnummer: NUMBER });
    await callback.login({ personnummer: OTHER_NUMBER });
    await db.pool.query(
      `update registry.conflicts set postponed_until = (now() at time zone 'Europe/Oslo')::date + 1 where id = $1`,
      [ids[0]],
    );
    await db.pool.query(
      `update registry.conflicts set postponed_until = (now() at time zone 'Europe/Oslo')::date where id = $1`,
      [ids[1]],
    );
    await db.pool.query(
      `update registry.conflicts set assigned_to = $2, assigned_until = now() + interval '1 hour' where id = any ($1)`,
      [[ids[1], ids[2]], coordinator.userId],
    );
    await db.pool.query(`update registry.conflicts set assigned_until = now() - interval '1 second' where id = $1`, [
      ids[2],
    ]);
    const figures = ['open', 'postponed', 'proposed', 'mine'];
    const [mismatches, withdrawals] = await counts();
    assert.deepEqual([mismatches?.kind, withdrawals?.kind], ['mismatch', 'consent_revoked']);
    assert.deepEqual(part(mismatches ?? {}, figures), { open: 1, postponed: 0, proposed: 0, mine: 0 });
    assert.deepEqual(part(withdrawals ?? {}, figures), { open: 4, postponed: 1, proposed: 0, mine: 1 });
    const { oldest } = await one(db, 'select opened_at as oldest from registry.conflicts where id = $1', [ids[4]]);
    assert.deepEqual(withdrawals?.oldest, oldest);
    assert.deepEqual(await ages(), { day: 2, week: 0, month: 1, quarter: 3, longer: 0 });

    await db.pool.query(`update registry.organizations set second_approval = '{keep_existing}'`);
    const { id, version } = await one(db, `select id, version from registry.conflicts where kind = 'mismatch'`);
    const { state } = await coordinator.call('resolve_conflict', id, 'keep_existing', null, version);
    assert.equal(state, 'proposed');
    const [proposed] = await counts();
    assert.deepEqual(part(proposed ?? {}, figures), { open: 0, postponed: 0, proposed: 1, mine: 0 });
    assert.equal(proposed?.oldest, null);
    assert.equal(Number((await quality(desk)).open_cases), 6, 'it waits for a coordinator all the same');
  }));

test('figures are each organisation’s own', async () => {
  await using db = await createTestDatabase();
  const own = await actAsCallback(db);
  const foreign = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, own.organization);
  const nobody = await becomeCoordinator(db);
  for (const callback of [own, foreign]) {
    await addKari(db, callback);
    await callback.login({ personnummer: NUMBER });
  }
  await foreign.login({ personnummer: OTHER_NUMBER });
  await count(db);
  for (const view of ['data_quality', 'monthly_figures', 'open_case_ages', 'conflict_counts', 'deliveries']) {
    const seen = await coordinator.query(`select distinct organization from api.${view}`);
    assert.deepEqual(seen, view === 'conflict_counts' ? [] : [{ organization: own.organization.slug }], view);
    assert.deepEqual(await nobody.query(`select * from api.${view}`), [], view);
  }
  assert.deepEqual(part(await running({ coordinator }), OUTCOMES), just({ filled: 1 }));
});

test('counting waits fifty times as long as it took, and two workers never count at once', () =>
  atTheDesk(async ({ db }) => {
    const again = async () => (await one<{ n: number }>(db, 'select worker.count_figures() as n')).n;
    assert.equal(await again(), 1);
    await db.pool.query(
      `update registry.figures set counted_at = now() - interval '99 seconds', counted_in = '2 seconds'`,
    );
    assert.equal(await again(), 0);
    await db.pool.query(
      `update registry.figures set counted_at = now() - interval '101 seconds', counted_in = '2 seconds'`,
    );
    const client = await db.pool.connect();
    await client.query('begin');
    await client.query('select worker.count_figures()');
    await db.pool.query(`update registry.organizations set name = name`);
    assert.equal(await again(), 0, 'while another one counts');
    await client.query('commit');
    client.release();
  }));
