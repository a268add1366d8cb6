import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, counts, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk } from '../support/desk.ts';
import { sampleNumbers, sealNumber } from '../support/samples.ts';
import { openSession } from '../support/sessions.ts';
import { begin } from '../support/waiting.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
/** The detail of an event that counts nothing but these. */
const erasedJust = (counted: Record<string, number>) => ({
  contacts: 0,
  numbers: 0,
  offers: 0,
  decisions: 0,
  refresh_tokens: 0,
  sessions: 0,
  import_lines: 0,
  dry_runs: 0,
  imports: 0,
  ...counted,
});

/** As if every login had been so long ago. */
const age = (db: TestDatabase, interval: string) =>
  db.pool.query('update registry.observations set received_at = received_at - $1::interval', [interval]);
const erase = async (db: TestDatabase) =>
  (await one<{ erased: number }>(db, 'select worker.erase_expired(100) as erased')).erased;
const observation = (db: TestDatabase) =>
  one(
    db,
    'select *, birth_date::text, num_nonnulls(given_name, family_name, birth_date, phone, email) as contacts from registry.observations',
  );

test('contact claims of settled logins are erased after the time set for them; outcome, member and number stay', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: NUMBER });
  await age(db, '89 days');
  assert.equal(await erase(db), 0);
  await age(db, '2 days');
  const before = await observation(db);
  assert.equal(await erase(db), 1);
  const after = await observation(db);
  assert.equal(after.contacts, 0);
  assert.ok(after.contact_erased_at);
  for (const column of [
    'outcome',
    'member_id',
    'explanation',
    'personnummer_index',
    'personnummer_sealed',
    'subject',
  ]) {
    assert.deepEqual(after[column], before[column], column);
  }
  assert.equal(await erase(db), 0, 'once');
  const event = await one(db, `select source, detail from audit.events where event = 'data_erased'`);
  assert.deepEqual(event, { source: 'worker', detail: erasedJust({ contacts: 1 }) });
});

test("observed numbers are erased after the organisation's retention; the member record keeps its own", async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const previous = { personnummer_index_previous: ['v0.older', 'v0.oldest'] };
  const { observation_id } = await callback.login({ personnummer: NUMBER, ...previous });
  assert.deepEqual((await observation(db)).personnummer_index_previous, ['v0.older', 'v0.oldest']);
  await age(db, '13 months');
  assert.equal(await erase(db), 1);
  const after = await observation(db);
  assert.deepEqual(
    [
      after.outcome,
      after.personnummer_index,
      after.personnummer_sealed,
      after.personnummer_masked,
      after.personnummer_index_previous,
    ],
    ['filled', null, null, null, []],
  );
  const member = await one(db, 'select personnummer_masked from registry.members where id = $1', [kari.id]);
  assert.equal(member.personnummer_masked, '018150*****');
  // What came of it is still known when the same call comes again, and the next login is like any other.
  const again = await callback.login({ observation_id, personnummer: NUMBER });
  assert.equal(again.outcome, 'filled');
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'confirmed');
});

test('what a case still needs is not erased, nor what waits to be decided', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: sampleNumbers[1] });
  await callback.login({ personnummer: NUMBER });
  await age(db, '2 years');
  assert.equal(await erase(db), 0);
  await db.pool.query(
    `update registry.conflicts set state = 'superseded', superseded_by = 'a test', closed_at = now() - interval '32 days'`,
  );
  await db.pool.query(
    `update registry.observations set outcome = 'deferred', settled_at = null, member_id = null, deferred_sqlstate = '40001'`,
  );
  assert.equal(await erase(db), 0);
  assert.equal((await counts(db)).observations, 1);
});

test('a case that was closed a week ago can still be undone, so nothing of its login is erased; a month later it is', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    await age(db, '2 years');
    const closed = (interval: string) =>
      db.pool.query(`update registry.conflicts set closed_at = now() - $1::interval`, [interval]);
    for (const interval of ['7 days', '30 days 23 hours']) {
      await closed(interval);
      assert.equal(await erase(db), 0, interval);
    }
    const { contacts, personnummer_masked, personnummer_sealed } = await observation(db);
    assert.deepEqual([contacts, personnummer_masked, typeof personnummer_sealed], [5, '018150*****', 'string']);
    await closed('7 days');
    assert.equal((await coordinator.call('undo_resolution', conflict_id, null)).state, 'open');
    await settle('accept_observed');
    assert.equal(
      (await one(db, 'select personnummer_masked from registry.members')).personnummer_masked,
      '018150*****',
    );
    await closed('31 days 1 hour');
    assert.equal(await erase(db), 1);
    const after = await observation(db);
    assert.deepEqual([after.contacts, after.personnummer_masked, after.member_id], [0, null, kari.id]);
  }));

/** Every place that holds any of these texts, as table.column, found by reading every column of every table of ours. */
async function whereIs(db: TestDatabase, texts: string[]): Promise<string[]> {
  const { rows } = await db.pool.query<{ place: string; query: string }>(
    `select c.oid::regclass || '.' || a.attname as place,
            format('select from %s where %I::text like any ($1)', c.oid::regclass, a.attname) as query
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname in ('registry', 'sync', 'audit', 'reporting') and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
  );
  const found: string[] = [];
  for (const { place, query } of rows) {
    const { rowCount } = await db.pool.query(query, [texts.map((text) => `%${text}%`)]);
    if ((rowCount ?? 0) > 0) found.push(place);
  }
  return found.toSorted();
}

for (const decision of ['keep_existing', 'not_same_person'] as const) {
  test(`a decision (${decision}) is remembered while a login with the number is kept; then no column holds its index`, () =>
    atTheDesk(async ({ db, callback, settle, openCases }) => {
      await addKari(db, callback, { personnummer: OTHER_NUMBER });
      const number = {
        ...(await sealNumber(NUMBER, callback.organization)),
        personnummer_index_previous: ['v0.older'],
      };
      await callback.login(number);
      await settle(decision);
      await db.pool.query(`update registry.conflicts set closed_at = now() - interval '40 days'`);
      await age(db, '11 months');
      await erase(db);
      const before = await whereIs(db, [number.personnummer_index, 'v0.older']);
      assert.deepEqual(before, [
        'registry.conflicts.personnummer_index',
        'registry.conflicts.personnummer_index_previous',
        'registry.observations.personnummer_index',
        'registry.observations.personnummer_index_previous',
      ]);
      await age(db, '2 months');
      await erase(db);
      await erase(db);
      assert.deepEqual(await whereIs(db, [number.personnummer_index, 'v0.older', number.personnummer_sealed]), []);
      const { state } = await one(db, 'select state from registry.conflicts');
      assert.equal(state, 'resolved', 'the case itself stays, and what was decided');
      if (decision === 'keep_existing') {
        await callback.login(number);
        assert.equal((await openCases()).length, 1, 'what is not remembered is asked again');
      }
    }));
}

test('what an import brought is remembered for the retention time after it brought it last', () =>
  atTheDesk(async ({ db, callback, settle, openCases }) => {
    const kari = await addKari(db, callback, { external_id: 'm-1' });
    await callback.login({ personnummer: OTHER_NUMBER });
    const sealed = await sealNumber(NUMBER, callback.organization);
    let runs = 0;
    const bring = async () => {
      runs += 1;
      const { run_id } = await one(db, 'select run_id from import.start_run($1, $2, $3, false)', [
        callback.organization.slug,
        String(runs).repeat(64),
        ['personnummer'],
      ]);
      const rows = JSON.stringify([{ line: 2, external_id: 'm-1', ...sealed }]);
      await db.pool.query(`select from import.accept_file($1, '{}', true, false)`, [run_id]);
      await db.pool.query(`select import.load_rows($1, 0, 1, $2, '[]')`, [run_id, rows]);
      await db.pool.query('select import.finish_run($1)', [run_id]);
    };
    const longAgo = (interval: string) =>
      db.pool.query(
        `update registry.conflicts set closed_at = now() - interval '2 years', number_seen_at = number_seen_at - $1::interval`,
        [interval],
      );
    await bring();
    await settle('keep_existing');
    await longAgo('11 months');
    await erase(db);
    await bring();
    assert.deepEqual(await openCases(), []);
    await longAgo('11 months');
    await erase(db);
    await bring();
    assert.deepEqual(await openCases(), [], 'every export renews it');
    await longAgo('13 months');
    await erase(db);
    assert.deepEqual(await whereIs(db, [sealed.personnummer_index]), []);
    const { detail } = await one(db, 'select detail from registry.conflicts where member_id = $1', [kari.id]);
    assert.equal(detail.personnummer, undefined, 'the masked form went with it');
  }));

test('what an import offered is kept while the case is open and the decision can be taken back, and not longer', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback, { external_id: 'm-1' });
    await callback.login({ personnummer: OTHER_NUMBER });
    const { run_id } = await one(db, `select run_id from import.start_run($1, $2, '{personnummer}', false)`, [
      ...[callback.organization.slug, 'a'.repeat(64)],
    ]);
    const rows = JSON.stringify([
      { line: 2, external_id: 'm-1', ...(await sealNumber(NUMBER, callback.organization)) },
    ]);
    await db.pool.query(`select from import.accept_file($1, '{}', true, false)`, [run_id]);
    await db.pool.query(`select import.load_rows($1, 0, 1, $2, '[]')`, [run_id, rows]);
    const offers = async () => (await one(db, 'select count(*)::int as n from registry.offered_numbers')).n;
    await db.pool.query(`update registry.conflicts set opened_at = now() - interval '2 years'`);
    await erase(db);
    assert.equal(await offers(), 1, 'open');
    await settle('keep_existing');
    for (const [interval, kept] of [
      ['30 days 23 hours', 1],
      ['31 days 1 hour', 0],
    ] as const) {
      await db.pool.query(
        `update registry.conflicts set closed_at = now() - $1::interval, number_seen_at = now() - interval '2 years'`,
        [interval],
      );
      await erase(db);
      assert.equal(await offers(), kept, interval);
      const knows = await one(db, 'select count(personnummer_index)::int as n from registry.conflicts');
      assert.equal(knows.n, kept, `the case itself, ${interval}`);
    }
  }));

test('a shorter time can be set for one organisation', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login();
  await db.pool.query(`update registry.organizations set contact_retention = '1 day'`);
  await age(db, '2 days');
  assert.equal(await erase(db), 1);
});

test('the number that a decision replaced is kept as long as the decision can be taken back, and not longer', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const before = () =>
      one(db, `select to_jsonb(before) as before from registry.resolutions`).then((row) => row.before);
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    await db.pool.query(`update registry.resolutions set decided_at = now() - interval '30 days 12 hours'`);
    assert.equal(await erase(db), 0);
    const kept = await before();
    assert.deepEqual([kept.number.masked, typeof kept.number.sealed], ['319261*****', 'string']);
    await db.pool.query(`update registry.resolutions set decided_at = now() - interval '31 days 1 hour'`);
    assert.equal(await erase(db), 1);
    assert.equal(kept.member_id, kari.id);
    const { source, at } = kept.number;
    const empty = { index: null, previous: null, sealed: null, masked: null };
    assert.deepEqual(await before(), { ...kept, number: { ...empty, source, at } });
    assert.equal(await erase(db), 0, 'once');
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'late')).code, 'too_late');
    const { detail } = await one(db, `select detail from audit.events where event = 'data_erased'`);
    assert.deepEqual(detail, erasedJust({ decisions: 1 }));
  }));

test('a number that a merge moved is erased from the decision in both places', () =>
  atTheDesk(async ({ db, callback }) => {
    await addKari(db, callback);
    await callback.login();
    const number = { ...(await forms(callback)), source: 'vipps-login' };
    const [member, survivor] = [randomUUID(), randomUUID()];
    await db.pool.query(
      `with c as (
         insert into registry.conflicts (organization_id, kind, fingerprint, state, decision, decided_by, closed_at)
         values ($1, 'member_system', 'made for this test', 'resolved', 'merge_into', 'somebody', now()) returning *)
       insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, decided_at, before)
       select $1, id, 'merge_into', 'somebody', now() - interval '32 days',
         jsonb_populate_record(null::registry.before_decision, $2) from c`,
      [callback.organization.id, { member_id: member, number, survivor_number: number, survivor }],
    );
    assert.equal(await erase(db), 1);
    const { before } = await one(db, 'select jsonb_strip_nulls(to_jsonb(before)) as before from registry.resolutions');
    assert.deepEqual(before, { member_id: member, number: { source: 'vipps-login' }, survivor });
  }));

const forms = async ({ organization }: Parameters<typeof addKari>[1]) => {
  const sealed = await sealNumber(NUMBER, organization);
  return {
    index: sealed.personnummer_index,
    sealed: sealed.personnummer_sealed,
    masked: sealed.personnummer_masked,
  };
};

test('a session goes with its tokens 31 days after it has run out; until then the reuse of a token is noticed', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const gone = await openSession(callback, (await callback.login()).observation_id);
  const kept = await openSession(callback, (await callback.login()).observation_id);
  assert.ok(await gone.refresh());
  const ranOut = (interval: string) =>
    db.pool.query('update registry.sessions set expires_at = now() - $2::interval where id = $1', [gone.id, interval]);
  await ranOut('30 days 12 hours');
  assert.equal(await erase(db), 0);
  await ranOut('31 days 1 hour');
  assert.equal(await erase(db), 2, 'two tokens');
  const { rows } = await db.pool.query('select id from registry.sessions');
  assert.deepEqual(rows, [{ id: kept.id }]);
  assert.equal((await one(db, 'select count(*)::int as n from registry.refresh_tokens')).n, 1);
  const { detail } = await one(db, `select detail from audit.events where event = 'data_erased'`);
  assert.deepEqual(detail, erasedJust({ sessions: 1, refresh_tokens: 2 }));
  assert.equal(await gone.refresh(), false);
  assert.equal(await kept.refresh(), true);
});

test('of a session with more tokens than are erased at once some go, then the rest, then the session', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const session = await openSession(callback, (await callback.login()).observation_id);
  for (let times = 0; times < 4; times += 1) assert.ok(await session.refresh());
  await db.pool.query(`update registry.sessions set expires_at = now() - interval '1 year'`);
  const eraseTwo = async () => (await one(db, 'select worker.erase_expired(2) as erased')).erased;
  assert.deepEqual([await eraseTwo(), await eraseTwo(), await eraseTwo(), await eraseTwo()], [2, 2, 1, 0]);
  assert.equal((await one(db, 'select count(*)::int as n from registry.sessions')).n, 0);
});

test('a dry run of an import that was killed is gone a day later, with what it had read; other imports stay', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const startRun = async (fingerprint: string, dryRun: boolean) => {
    const run = await one(db, 'select run_id from import.start_run($1, $2, $3, $4)', [
      callback.organization.slug,
      fingerprint.repeat(64),
      ['personnummer'],
      dryRun,
    ]);
    await db.pool.query(`select from import.accept_file($1, '{}', true, false)`, [run.run_id]);
    const row = { line: 2, external_id: 'm-1', ...(await sealNumber(NUMBER, callback.organization)) };
    await db.pool.query('select import.load_rows($1, 0, 1, $2, $3)', [run.run_id, JSON.stringify([row]), '[]']);
    return run.run_id;
  };
  const real = await startRun('a', false);
  const dry = await startRun('b', true);
  const age = (interval: string) =>
    db.pool.query('update registry.import_runs set started_at = now() - $1::interval', [interval]);
  await age('23 hours');
  assert.equal(await erase(db), 0);
  await age('25 hours');
  assert.equal(await erase(db), 1);
  const { detail } = await one(db, `select detail from audit.events where event = 'data_erased'`);
  assert.deepEqual(detail, erasedJust({ dry_runs: 1, import_lines: 1 }));
  assert.deepEqual((await db.pool.query('select id from registry.import_runs')).rows, [{ id: real }]);
  assert.equal((await one(db, 'select count(*)::int as n from registry.import_lines')).n, 1, 'of the real one');
  await assert.rejects(db.pool.query(`select import.load_rows($1, 1, 1, '[]', '[]')`, [dry]), { code: 'PN006' });
  await age('32 days');
  {
    await using holder = await begin(db);
    await holder.query('select from registry.import_runs where id = $1 for update', [real]);
    assert.equal(await erase(db), 0, 'one that is just going on is not waited for');
    await holder.query('rollback');
  }
  assert.equal(await erase(db), 1, 'a killed import that nobody started again is given up');
  const { state } = await one(db, 'select state from registry.import_runs');
  assert.equal(state, 'abandoned');
});

test('sentences and details of the audit go after the time an organisation has set, and what the audit says of itself stays', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const other = await actAsCallback(db);
  const write = (organization: { id: string }, event: string, days: number) =>
    db.pool.query(
      `insert into audit.events (occurred_at, organization_id, event, source, actor, message, detail)
       values (now() - $3 * interval '1 day', $1, $2, 'worker', 'sync_worker', 'What was said.', '{"said": true}')`,
      [organization.id, event, days],
    );
  for (const days of [500, 400, 366, 364, 1]) await write(callback.organization, 'filled', days);
  await write(callback.organization, 'events_redacted', 500);
  await write(other.organization, 'filled', 500);
  assert.equal(await erase(db), 0, 'nobody has set a time');
  await db.pool.query(`update registry.organizations set audit_retention = '365 days' where id = $1`, [
    callback.organization.id,
  ]);
  const kept = async () =>
    (
      await db.pool.query(
        `select count(*) filter (where redacted_at is null)::int as whole, count(redacted_at)::int as redacted from audit.events
         where event = 'filled' and detail = case when redacted_at is null then '{"said": true}' else '{}' end::jsonb`,
      )
    ).rows[0];
  const { rows } = await db.poolFor('sync_worker').query('select worker.erase_expired(2) as n');
  assert.equal(rows[0].n, 2, 'some at a time');
  assert.deepEqual(await kept(), { whole: 4, redacted: 2 });
  assert.equal(await erase(db), 1);
  assert.deepEqual(await kept(), { whole: 3, redacted: 3 });
  assert.equal(await erase(db), 0);
  const said = await one(
    db,
    `select detail from audit.events where event = 'events_redacted' order by occurred_at limit 1`,
  );
  assert.deepEqual(said.detail, { said: true });
  const told = await one(db, `select detail from audit.events where event = 'data_erased' order by id limit 1`);
  assert.equal(told.detail.events, 2);
  await assert.rejects(db.pool.query(`update registry.organizations set audit_retention = '30 days'`), {
    code: '23514',
  });
});
