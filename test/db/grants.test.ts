import assert from 'node:assert/strict';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { type GrantTruth, writeGrantPopulation } from '../support/grant-population.ts';
import { addOrganization } from '../support/samples.ts';
import { erase } from './support/erasing.ts';

// Grant reports (docs/grant-reports.md): what is counted, and that what was frozen stays.

type Figure = { dimension: string; key: string; name: string | null; counted: number; verified: number };
type Report = Record<string, unknown> & {
  snapshot_id: string;
  version: number;
  counted: number;
  verified: number;
  digest: string;
  figures: Figure[];
};

async function count(db: TestDatabase, slug: string, rule = 'bufdir-disability', year = 2025): Promise<Report> {
  const { rows } = await db.pool.query('select * from worker.make_grant_snapshot($1, $2, $3)', [slug, year, rule]);
  assert.equal(rows[0].refused_as, null);
  return rows[0].report;
}

/** As a coordinator asks at the desk, and the worker counts. */
async function ask(db: TestDatabase, coordinator: Coordinator, slug: string, corrects: string | null = null) {
  const asked = await coordinator.call('make_grant_snapshot', slug, 2025, 'bufdir-disability', corrects);
  assert.equal(asked.state, 'asked', JSON.stringify(asked));
  await db.pool.query('select worker.count_grant($1)', [asked.snapshot_id]);
  return coordinator.call('grant_report', asked.snapshot_id);
}

const by = (report: Report, dimension: string) =>
  Object.fromEntries(report.figures.filter((f) => f.dimension === dimension).map((f) => [f.key, f.counted]));

function assertTruth(report: Report, truth: GrantTruth): void {
  assert.equal(report.records, truth.records);
  assert.equal(report.counted, truth.counted);
  assert.equal(report.verified, truth.verified);
  assert.deepEqual(by(report, 'reason'), truth.reasons);
  const { '': unknown = 0, ...counties } = by(report, 'county');
  assert.deepEqual(counties, truth.counties);
  assert.equal(unknown, truth.withoutPlace);
  assert.equal(report.probable_duplicates, truth.alike);
  const sum = (of: Record<string, number>) => Object.values(of).reduce((all, each) => all + each, 0);
  for (const dimension of ['county', 'municipality', 'birth_year', 'chapter'])
    assert.equal(sum(by(report, dimension)), truth.counted, dimension);
  assert.equal(truth.counted + sum(truth.reasons), truth.records, 'who is not counted has a reason');
}

test('municipalities and counties are as many as there were, and each number leads to numbers that exist', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query(
    `select d.year,
       (select count(*)::integer from reporting.municipalities m where d.year between m.first_year and coalesce(m.last_year, d.year)) as municipalities,
       (select count(*)::integer from reporting.counties c where d.year between c.first_year and coalesce(c.last_year, d.year)) as counties
     from reporting.divisions d order by d.year`,
  );
  assert.deepEqual(
    rows.map(({ year, municipalities, counties }) => [year, municipalities, counties]),
    [
      [2017, 426, 19],
      [2018, 422, 18],
      [2019, 422, 18],
      [2020, 356, 11],
      [2021, 356, 11],
      [2022, 356, 11],
      [2023, 356, 11],
      [2024, 357, 15],
      [2025, 357, 15],
    ],
  );
  const lost = await db.pool.query(
    `select m.code, t.year, k.code as became
     from reporting.municipalities m cross join (values (2017), (2019), (2023), (2025)) as t(year)
     cross join lateral unnest(private.municipality_in_year(m.code, coalesce(m.last_year, 2025), t.year)) as k(code)
     where not exists (select from reporting.municipalities n
       where n.code = k.code and t.year between n.first_year and coalesce(n.last_year, t.year))`,
  );
  assert.deepEqual(lost.rows, []);
  const { rows: split } = await db.pool.query(
    `select distinct m.code from reporting.municipalities m
     where cardinality(private.municipality_in_year(m.code, coalesce(m.last_year, 2025), 2025)) > 1 order by 1`,
  );
  assert.deepEqual(
    split.map(({ code }) => code),
    ['1504', '1507', '1523', '1529', '1534', '1546', '1613', '1850', '5012'],
  );
});

test('a municipality is understood by number or name, of today or before', async () => {
  await using db = await createTestDatabase();
  const read = async (text: string) => {
    const { rows } = await db.pool.query('select code, year from private.read_municipality($1)', [text]);
    return rows.map(({ code, year }) => `${code} of ${year}`).join();
  };
  const cases: [string, string][] = [
    ['0301', '0301 of 2025'],
    ['301', '0301 of 2025'],
    ['0301 Oslo', '0301 of 2025'],
    ['oslo kommune', '0301 of 2025'],
    ['TROMSØ', '5501 of 2025'],
    ['Tråante', '5001 of 2025'],
    ['Bergen', '4601 of 2025'],
    ['1201', '1201 of 2019'],
    ['Haram', '1580 of 2025'],
    ['Skodje', '1529 of 2019'],
    ['Herøy', ''],
    ['Herøy (Nordland)', '1818 of 2025'],
    ['9999', ''],
    ['Atlantis', ''],
  ];
  for (const [text, wanted] of cases) assert.equal(await read(text), wanted, text);
  const inYear = async (code: string, from: number, to: number) =>
    (await one(db, `select private.municipality_in_year('${code}', ${from}, ${to}) as codes`)).codes;
  assert.deepEqual(await inYear('1201', 2019, 2025), ['4601']);
  assert.deepEqual(await inYear('1508', 2024, 2023), ['1507']);
  assert.deepEqual(await inYear('1103', 2025, 2019), ['1103', '1141', '1142']);
});

for (const numbers of [true, false]) {
  test(`10,000 invented members ${numbers ? 'with' : 'without'} numbers: the report finds the truth`, async () => {
    await using db = await createTestDatabase();
    const organization = await addOrganization(db);
    const truth = await writeGrantPopulation(db.pool, organization, { size: 10_000, seed: 18, numbers });
    const report = await count(db, organization.slug);
    assertTruth(report, truth);
    assert.ok((truth.reasons.left ?? 0) > 100 && (truth.reasons.paid_too_late ?? 0) > 100 && truth.alike > 100);
    assert.equal(report.meets, true);
    assert.deepEqual(
      [report.base_year, report.application_year, report.grant_year, report.counted_on],
      [2025, 2026, 2027, '2025-12-31'],
    );
    // A county's grant, by today's borders and by former ones: 3403 Hamar was 0403 in Hedmark.
    const county = await count(db, organization.slug, 'innlandet');
    assert.equal(county.counted, truth.counties['34']);
    assert.equal(county.meets, false, 'from one municipality only');
    assert.equal(county.grant_year, 2026);
    const { former } = await one(
      db,
      `select private.count_area(s, 2019, '{04}', null) as former from reporting.snapshots s where id = '${report.snapshot_id}'`,
    );
    assert.equal(former.counted, truth.counties['34']);
    assert.deepEqual(former.rows, [
      { municipality: '3403', name: 'Hamar', counted: former.counted, verified: former.verified },
    ]);
  });
}

test('two coordinators freeze; erasures, moves, payments and merges change nothing; a correction names what it corrects', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const [first, second] = [await becomeCoordinator(db, organization), await becomeCoordinator(db, organization)];
  await writeGrantPopulation(db.pool, organization, { size: 400, seed: 7, numbers: true });
  const draft = await ask(db, first, organization.slug);
  const proposed = await first.call('propose_grant_freeze', draft.snapshot_id, 'Sett på', draft.version);
  assert.deepEqual([proposed.state, proposed.proposed_decision], ['proposed', 'freeze_snapshot']);
  assert.equal(
    (await first.call('make_grant_snapshot', organization.slug, 2025, 'bufdir-disability')).code,
    'awaits_approval',
  );
  assert.equal((await first.call('approve', proposed.conflict_id, proposed.version)).code, 'own_proposal');
  assert.equal((await one(db, 'select state from reporting.snapshots')).state, 'draft');
  assert.equal((await second.call('approve', proposed.conflict_id, proposed.version)).state, 'resolved');

  const report = await first.call('grant_report', draft.snapshot_id);
  assert.equal(report.state, 'frozen');
  const listed = (await first.call('grant_list', draft.snapshot_id, 'counted', 0, 1000)) as unknown as { rows: Row[] };
  assert.equal(listed.rows.length, report.counted);
  const sample = async (size: number, seed = 'revisor') =>
    ((await second.call('grant_sample', draft.snapshot_id, size, seed)) as unknown as { rows: Row[] }).rows;
  const drawn = await sample(20);
  assert.deepEqual(await sample(20), drawn);
  assert.deepEqual((await sample(30)).slice(0, 20), drawn);
  assert.notDeepEqual(await sample(20, 'another'), drawn);

  const gone = listed.rows.slice(0, 10);
  const { rows: members } = await db.pool.query(
    'select member_id as id from reporting.snapshot_persons where nth = any ($1)',
    [gone.map(({ nth }) => nth)],
  );
  for (const member of members) await erase(db, member);
  await db.pool.query('update reporting.dues set amount = 0');
  await db.pool.query(`update reporting.residences set municipality = '1804', municipality_year = 2025`);
  assert.deepEqual(await first.call('grant_report', draft.snapshot_id), report, 'the same bytes');
  const { digest } = await one(
    db,
    `select private.digest_snapshot(s) as digest from reporting.snapshots s where s.id = '${draft.snapshot_id}'`,
  );
  assert.equal(digest, report.digest);
  const after = (await first.call('grant_list', draft.snapshot_id, 'counted', 0, 1000)) as unknown as { rows: Row[] };
  assert.equal(after.rows.length, report.counted);
  const left = after.rows.filter(({ erased }) => erased);
  assert.deepEqual(
    left.map(({ nth }) => nth),
    gone.map(({ nth }) => nth),
  );
  assert.ok(left.every((row) => row.name === null && row.address === null && row.birth_year === null));
  assert.deepEqual(
    (await sample(20)).map(({ nth }) => nth),
    drawn.map(({ nth }) => nth),
  );

  for (const change of [
    `update reporting.snapshots set counted = counted - 1, verified = 0`,
    `update reporting.snapshot_figures set counted = counted + 1`,
    `insert into reporting.snapshot_figures values ('${draft.snapshot_id}', '${organization.id}', 'county', '99', null, 1, 0)`,
    `update reporting.snapshot_persons set reason = 'left' where reason is null`,
    `delete from reporting.snapshots`,
  ])
    await assert.rejects(db.pool.query(change), { code: 'PN012' }, change);

  assert.equal(
    (await first.call('make_grant_snapshot', organization.slug, 2025, 'bufdir-disability')).code,
    'frozen_already',
  );
  const correction = await ask(db, first, organization.slug, draft.snapshot_id as string);
  assert.deepEqual([correction.corrects, correction.counted, correction.state], [draft.snapshot_id, 0, 'draft']);
});

type Row = { nth: number; name: string | null; address: string | null; birth_year: number | null; erased: boolean };

test('a proposal that is declined freezes nothing, and a new count takes the place of the draft', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const [first, second] = [await becomeCoordinator(db, organization), await becomeCoordinator(db, organization)];
  await writeGrantPopulation(db.pool, organization, { size: 20, seed: 3, numbers: false });
  const draft = await ask(db, first, organization.slug);
  assert.equal((await second.call('propose_grant_freeze', draft.snapshot_id, null, 9)).code, 'stale_version');
  const proposed = await second.call('propose_grant_freeze', draft.snapshot_id, null, draft.version);
  const declined = await first.call('decline', proposed.conflict_id, 'Ny import først', proposed.version);
  assert.equal(declined.state, 'open');
  const [shown] = await first.query('select state, conflict_id from api.grant_snapshots');
  assert.deepEqual(shown, { state: 'draft', conflict_id: proposed.conflict_id });
  const kept = await first.call('resolve_conflict', proposed.conflict_id, 'keep_existing', null, declined.version);
  assert.equal(kept.state, 'resolved');
  const again = await ask(db, first, organization.slug);
  assert.notEqual(again.snapshot_id, draft.snapshot_id);
  assert.equal((await first.query('select from api.grant_snapshots')).length, 1);
});

test('what cannot be counted is refused, and another organisation has nothing here', async () => {
  await using db = await createTestDatabase();
  const [own, other] = [await addOrganization(db), await addOrganization(db)];
  const coordinator = await becomeCoordinator(db, own);
  const report = await count(db, other.slug);
  const refused = async (name: string, ...arguments_: unknown[]) => (await coordinator.call(name, ...arguments_)).code;
  assert.equal(await refused('make_grant_snapshot', other.slug, 2025, 'bufdir-disability'), 'not_found');
  assert.equal(await refused('make_grant_snapshot', own.slug, 2025, 'no-such-rule'), 'rule_unknown');
  assert.equal(await refused('make_grant_snapshot', own.slug, 2016, 'bufdir-disability'), 'division_unknown');
  assert.equal(await refused('make_grant_snapshot', own.slug, 2027, 'bufdir-disability'), 'division_unknown');
  assert.equal(
    await refused('make_grant_snapshot', own.slug, 2025, 'bufdir-disability', report.snapshot_id),
    'corrects_unknown',
  );
  for (const [name, ...rest] of [
    ['grant_report'],
    ['grant_list', 'counted', 0, 10],
    ['grant_sample', 5, ''],
    ['count_grant_area', 2025, null, ['0301']],
    ['propose_grant_freeze', null, 1],
  ] as [string, ...unknown[]][])
    assert.equal(await refused(name, report.snapshot_id, ...rest), 'not_found', name);
  assert.deepEqual(await coordinator.query('select from api.grant_snapshots'), []);
  assert.deepEqual(await coordinator.query('select from api.grant_figures'), []);
  const mine = await count(db, own.slug);
  assert.equal(await refused('grant_list', mine.snapshot_id, 'everything', 0, 10), 'list_unusable');
  assert.equal(await refused('grant_list', mine.snapshot_id, 'counted', 0, 1001), 'list_unusable');
  assert.equal(await refused('count_grant_area', mine.snapshot_id, 2025, null, ['0101']), 'area_unusable');
  assert.equal(await refused('count_grant_area', mine.snapshot_id, 2025, ['03'], ['0301']), 'area_unusable');
  assert.equal(await refused('count_grant_area', mine.snapshot_id, 2030, ['03'], null), 'division_unknown');
});

test('ages, days of grace and areas are data of a rule', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  await writeGrantPopulation(db.pool, organization, { size: 2_000, seed: 5, numbers: false });
  const plain = await count(db, organization.slug);
  await db.pool.query(
    `insert into reporting.grant_rules (code, title, level, document, min_fee, min_age, max_age, paid_within_days, municipalities, area_year)
     values ('test-young', 'Unge', 'county', 'None', 1000, 40, 60, 31, '{1201,0403}', 2019)`,
  );
  try {
    const report = await count(db, organization.slug, 'test-young');
    assert.deepEqual(Object.keys(by(report, 'municipality')), ['3403', '4601']);
    const years = Object.keys(by(report, 'birth_year')).map(Number);
    assert.ok(years.length > 10 && Math.min(...years) >= 1964 && Math.max(...years) <= 1985, `${years}`);
    const reasons = by(report, 'reason');
    assert.ok((reasons.too_old ?? 0) > 50 && (reasons.too_young ?? 0) > 10 && (reasons.elsewhere ?? 0) > 50);
    assert.deepEqual([reasons.paid_too_late, reasons.paid_too_little], [undefined, undefined]);
    assert.ok(by(plain, 'reason').paid_too_late);
    assert.equal(report.meets, null, 'nothing is asked for');
  } finally {
    await db.pool.query(`delete from reporting.grant_rules where code = 'test-young'`);
  }
});
