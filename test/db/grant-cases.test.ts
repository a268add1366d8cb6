import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addMember, addOrganization } from '../support/samples.ts';

// Single members and single rules of a grant (docs/grant-reports.md): what test/db/grants.test.ts does not count by the thousand.

async function count(
  db: TestDatabase,
  slug: string,
  year = 2025,
  rule = 'bufdir-disability',
  corrects: string | null = null,
) {
  const { rows } = await db.pool.query('select * from worker.make_grant_snapshot($1, $2, $3, $4)', [
    slug,
    year,
    rule,
    corrects,
  ]);
  return rows[0];
}

async function pay(db: TestDatabase, member: { id: string; organization_id: string }): Promise<void> {
  await db.pool.query(`insert into reporting.dues values ($1, $2, 2025, '2025-03-01', 35000)`, [
    member.organization_id,
    member.id,
  ]);
}

test('a record without dates is a member, also where an old record that was merged into it ended', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const stands = await addMember(db, organization);
  const old = await addMember(db, organization, { merged_into: stands.id });
  await pay(db, stands);
  await db.pool.query(
    `insert into reporting.memberships (organization_id, member_id, since, until) values ($1, $2, '2015-01-01', '2023-12-31')`,
    [organization.id, old.id],
  );
  const { report } = await count(db, organization.slug);
  assert.deepEqual([report.records, report.counted], [2, 1]);
});

test('dues that were paid in parts, under the old member number and the new one, add up; a part that came too late does not', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  // The smallest fee is 50 kroner. Each person: what was paid when under the old number, and under the new one.
  type Payment = [paidOn: string | null, amount: number];
  const persons: [old: Payment, now: Payment, reason: string | null, paidOn: string | null, amount: number][] = [
    [['2025-02-01', 3_000], ['2025-10-01', 2_000], null, '2025-10-01', 5_000],
    [['2025-02-01', 3_000], ['2025-10-01', 1_999], 'paid_too_little', '2025-02-01', 3_000],
    [['2025-02-01', 3_000], ['2026-01-02', 2_000], 'paid_too_little', '2025-02-01', 3_000],
    [['2025-02-01', 3_000], [null, 2_000], 'paid_too_little', '2025-02-01', 3_000],
    // One of them is enough: the same payment may stand in both records, so it is not counted twice.
    [['2025-02-01', 35_000], ['2025-02-01', 35_000], null, '2025-02-01', 35_000],
  ];
  const expected = [];
  for (const [old, now, reason, paidOn, amount] of persons) {
    const stands = await addMember(db, organization);
    const merged = await addMember(db, organization, { merged_into: stands.id });
    for (const [member, [on, sum]] of [
      [merged, old],
      [stands, now],
    ] as const) {
      await db.pool.query('insert into reporting.dues values ($1, $2, 2025, $3, $4)', [
        organization.id,
        member.id,
        on,
        sum,
      ]);
    }
    expected.push({ member_id: stands.id, reason, paid_on: paidOn, amount });
  }
  const { report } = await count(db, organization.slug);
  const { rows } = await db.pool.query(
    `select member_id, reason, paid_on::text, amount::integer from reporting.snapshot_persons
     where snapshot_id = $1 and reason is distinct from 'merged'`,
    [report.snapshot_id],
  );
  const byMember = (one: { member_id: string }, other: { member_id: string }) =>
    one.member_id.localeCompare(other.member_id);
  assert.deepEqual(rows.sort(byMember), expected.sort(byMember));
  assert.equal(report.counted, 2);
});

test('nothing is counted before its day is over, and 29 February is the last of February in other years', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const day = async (month: number, of: number, year: number) =>
    (await one(db, `select private.grant_day(${year}, ${month}, ${of})::text as day`)).day;
  assert.equal(await day(2, 29, 2025), '2025-02-28');
  assert.equal(await day(2, 29, 2024), '2024-02-29');
  assert.equal(await day(12, 31, 2025), '2025-12-31');
  // Today is not over yet. What is entered here is for all organisations, so it is taken back.
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `insert into reporting.divisions values (extract(year from now())::integer, 'test') on conflict do nothing`,
    );
    await client.query(
      `insert into reporting.grant_rules (code, title, level, document, min_fee, counted_month, counted_day)
       select 'test-today', 'T', 'county', 'None', 1, extract(month from d), extract(day from d)
       from (select (now() at time zone 'Europe/Oslo')::date as d) as today`,
    );
    const { rows } = await client.query(
      `select refused_as from worker.make_grant_snapshot($1, extract(year from now() at time zone 'Europe/Oslo')::integer, 'test-today')`,
      [organization.slug],
    );
    assert.equal(rows[0].refused_as, 'year_not_over');
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('the operator enters a new year as docs/grant-reports.md says, and its numbers lead to those of the years before', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  assert.equal((await count(db, organization.slug, 2026)).refused_as, 'division_unknown');
  const document = readFileSync('docs/grant-reports.md', 'utf8');
  const steps = document.slice(document.indexOf('## A new year'), document.indexOf('## Rules'));
  const [year, change] = [...steps.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql);
  const client = await db.pool.connect();
  try {
    await client.query(`begin; ${year} ${change?.replaceAll('9901', '0301').replaceAll('9902', '0399')} reset role`);
    const { rows } = await client.query(
      `select private.municipality_in_year('0301', 2025, 2026) as new, private.municipality_in_year('0399', 2026, 2024) as old,
         (select code || ' ' || year from private.read_municipality('Nyby')) as read,
         (select refused_as from worker.make_grant_snapshot($1, 2026, 'bufdir-disability')) is distinct from 'division_unknown' as counts`,
      [organization.slug],
    );
    assert.deepEqual(rows, [{ new: ['0399'], old: ['0301'], read: '0399 2026', counts: true }]);
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('capitals are letters too where they have a mark', async () => {
  await using db = await createTestDatabase();
  const read = async (text: string) => (await one(db, `select code from private.read_municipality('${text}')`))?.code;
  assert.deepEqual([await read('ÅLESUND'), await read('ås kommune'), await read('åmli')], ['1508', '3218', '4217']);
  const organization = await addOrganization(db);
  for (const family_name of ['Åsen', 'ÅSEN'])
    await pay(db, await addMember(db, organization, { given_name: 'Kari', family_name, birth_date: '1950-01-01' }));
  assert.equal((await count(db, organization.slug)).report.probable_duplicates, 2);
});

test('what is frozen stays as it was: new rows, another name of the organisation, a mended source, another time zone', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const [first, second] = [await becomeCoordinator(db, organization), await becomeCoordinator(db, organization)];
  await pay(db, await addMember(db, organization, { given_name: 'Kari' }));
  const draft = await count(db, organization.slug);
  const proposed = await first.call('propose_grant_freeze', draft.report.snapshot_id, null, draft.report.version);
  await second.call('approve', proposed.conflict_id, proposed.version);
  const id = draft.report.snapshot_id;
  const other = (await count(db, organization.slug, 2025, 'innlandet')).report.snapshot_id;
  const report = await first.call('grant_report', id);

  const columns = 'organization_id, nth + 1, member_id, reason, verified';
  for (const change of [
    `insert into reporting.snapshot_persons (snapshot_id, organization_id, nth, member_id, reason, verified)
     select snapshot_id, ${columns} from reporting.snapshot_persons where snapshot_id = '${id}'`,
    `update reporting.snapshot_persons set snapshot_id = '${id}', nth = nth + 7 where snapshot_id = '${other}'`,
    `update reporting.snapshot_figures set snapshot_id = '${id}', key = 'x' where snapshot_id = '${other}' and dimension = 'reason'`,
    `delete from reporting.snapshot_persons where snapshot_id = '${id}'`,
  ])
    await assert.rejects(db.pool.query(change), { code: 'PN012' }, change);

  assert.equal(
    (await count(db, organization.slug, 2025, 'innlandet', id)).refused_as,
    'corrects_unknown',
    'of another rule',
  );
  await db.pool.query(`update registry.organizations set name = 'Another' where id = $1`, [organization.id]);
  await db.pool.query(`update reporting.divisions set source = source || ' (mended)'`);
  const { report: elsewhere } = await one(
    db,
    `select set_config('timezone', 'Asia/Tokyo', false), private.describe_snapshot(s) as report from reporting.snapshots s where id = '${id}'`,
  );
  assert.equal(JSON.stringify(elsewhere), JSON.stringify(report));
});

test('a snapshot that was corrected is not corrected a second time', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const [first, second] = [await becomeCoordinator(db, organization), await becomeCoordinator(db, organization)];
  const freeze = async (corrects: string | null) => {
    const { report } = await count(db, organization.slug, 2025, 'bufdir-disability', corrects);
    const proposed = await first.call('propose_grant_freeze', report.snapshot_id, null, report.version);
    await second.call('approve', proposed.conflict_id, proposed.version);
    return report.snapshot_id;
  };
  const original = await freeze(null);
  const correction = await freeze(original);
  assert.equal(
    (await count(db, organization.slug, 2025, 'bufdir-disability', original)).refused_as,
    'corrects_unknown',
  );
  assert.equal((await count(db, organization.slug, 2025, 'bufdir-disability', correction)).refused_as, null);
});

test('a draft that is being counted anew cannot be proposed', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const coordinator = await becomeCoordinator(db, organization);
  const { report } = await count(db, organization.slug);
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    await client.query('select * from worker.make_grant_snapshot($1, 2025, $2)', [
      organization.slug,
      'bufdir-disability',
    ]);
    const refused = await coordinator.call('propose_grant_freeze', report.snapshot_id, null, report.version);
    assert.equal(refused.code, 'is_being_counted');
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('a count whose job has failed for good, or is gone, is failed with its evidence, cannot be frozen, and is asked for again', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const coordinator = await becomeCoordinator(db, organization);
  const ask = () => coordinator.call('make_grant_snapshot', organization.slug, 2025, 'bufdir-disability');
  const reconcile = () => db.pool.query('select * from worker.reconcile()');
  const snapshots = async () =>
    (
      await db.pool.query(
        'select id, state, failure, failed_at is not null as has_time from reporting.snapshots order by made_at',
      )
    ).rows;
  const asked = await ask();
  const key = `count_grant:${asked.snapshot_id}`;
  const spoil = (attempts: string) =>
    db.pool.query(
      `update graphile_worker._private_jobs set attempts = ${attempts}, last_error = 'unexpected_error' where key = $1`,
      [key],
    );
  await spoil('max_attempts - 1');
  await reconcile();
  assert.equal((await snapshots())[0].state, 'asked', 'it is tried once more');
  await spoil('max_attempts');
  await reconcile();
  assert.deepEqual(await snapshots(), [
    { id: asked.snapshot_id, state: 'failed', failure: 'unexpected_error', has_time: true },
  ]);
  const seen = await coordinator.query<{ state: string; version: number; failure: string }>(
    'select state, version, failure from api.grant_snapshots',
  );
  assert.deepEqual(seen, [{ state: 'failed', version: 2, failure: 'unexpected_error' }]);
  assert.equal((await coordinator.call('propose_grant_freeze', asked.snapshot_id, null, 2)).code, 'count_failed');
  assert.equal((await one(db, 'select worker.count_grant($1) as counted', [asked.snapshot_id])).counted, false);

  const again = await ask();
  assert.deepEqual(await snapshots(), [{ id: again.snapshot_id, state: 'asked', failure: null, has_time: false }]);
  await db.pool.query(`delete from graphile_worker._private_jobs where key = 'count_grant:' || $1`, [
    again.snapshot_id,
  ]);
  await reconcile();
  assert.equal((await snapshots())[0].failure, 'worker_lost');
  const last = await ask();
  assert.equal((await one(db, 'select worker.count_grant($1) as counted', [last.snapshot_id])).counted, true);
  assert.deepEqual(await snapshots(), [{ id: last.snapshot_id, state: 'draft', failure: null, has_time: false }]);

  for (const without of ['failed_at = null', 'failure = null', "state = 'asked'"]) {
    await assert.rejects(
      db.pool
        .query(
          `with f as (insert into reporting.snapshots (organization_id, organization_name, base_year, division, rule_code, rule, counted_on, made_by)
           select organization_id, organization_name, 2024, division, rule_code, rule, counted_on, made_by from reporting.snapshots returning id)
         select id from f`,
        )
        .then(() =>
          db.pool.query(
            `update reporting.snapshots set state = 'failed', failed_at = now(), failure = 'x' where base_year = 2024;
           update reporting.snapshots set ${without} where base_year = 2024`,
          ),
        ),
      /snapshots_failed_has_evidence/,
      without,
    );
    await db.pool.query('delete from reporting.snapshots where base_year = 2024');
  }
});
