import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { addOrganization, addProvider, sampleNumbers, sealNumber } from '../support/samples.ts';
import { until } from '../support/until.ts';
import { addHolder, importByHand } from './support/by-hand.ts';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

// An export is right as a whole: who gives a number up and who gets it stand in different rows, in any order.

const HEADER = 'external_id,given_name,personnummer';
const [A, B, C, D] = ['01815025039', '31926110341', '08837220093', '17858433347'] as const;
const masked = (number: string) => `${number.slice(0, 6)}*****`;

/** What each member has, by external id. */
const numbers = async (world: ImportWorld) =>
  Object.fromEntries((await world.members()).map((member) => [member.external_id, member.personnummer_masked]));
const cases = (world: ImportWorld) =>
  world.query(
    `select c.kind, c.state, m.external_id as member, o.external_id as other from registry.conflicts as c
     join registry.members as m on m.id = c.member_id left join registry.members as o on o.id = c.other_member_id order by m.external_id`,
  );
const open = (member: string, other: string, kind = 'duplicate') => ({ kind, state: 'open', member, other });
const summary = (out: string) => out.slice(out.indexOf('added'), out.indexOf('rejected'));

/** The dry run's counts are those of the import. */
async function importTwice(world: ImportWorld, content: string, ...words: string[]) {
  const dry = await world.imported(content, '--dry-run', ...words);
  const { out } = await world.imported(content, ...words);
  assert.equal(summary(dry.out), summary(out));
  return out;
}

test('two members whose numbers were mixed up get each their own', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, `1,Ola,${A}`, `2,Kari,${B}`));
  const out = await importTwice(world, csv(HEADER, `1,Ola,${B}`, `2,Kari,${A}`));
  assert.match(out, /changed {4}2\n/);
  assert.deepEqual(await numbers(world), { 1: masked(B), 2: masked(A) });
  assert.deepEqual(await cases(world), []);
  const events = await world.query(`select message from audit.events where event = 'member_updated' order by id`);
  assert.equal(events.length, 2);
});

test('a number goes on to another member, whichever row comes first, and however far apart', async () => {
  for (const between of [0, 510]) {
    await using world = await createImportWorld();
    const filling = Array.from({ length: between }, (_, at) => `f${at},Per,`);
    await world.imported(csv(HEADER, `1,Ola,${A}`, `2,Kari,${B}`, '3,Liv,', ...filling));
    await importTwice(
      world,
      csv(HEADER, `3,Liv,${B}`, ...filling, `2,Kari,${A}`, ...filling.map((row) => `x${row}`), `1,Ola,${C}`),
    );
    assert.deepEqual(Object.values(await numbers(world)).filter(Boolean), [masked(C), masked(A), masked(B)]);
    assert.deepEqual(await cases(world), []);
  }
});

test('a new member gets a number that its former owner gives up in a later row', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, `1,Ola,${A}`));
  const out = await importTwice(world, csv(HEADER, `2,Kari,${A}`, `1,Ola,${B}`));
  assert.match(out, /added {6}1\n {2}changed {4}1\n {2}unchanged {2}0/);
  assert.deepEqual(await numbers(world), { 1: masked(B), 2: masked(A) });
});

test('where the last in the row keeps its number, nobody moves, and each is a case', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, `1,Ola,${A}`, `2,Kari,${B}`, `3,Liv,${C}`));
  const out = await importTwice(world, csv(HEADER, `1,Ola,${B}`, `2,Kari,${C}`), '--partial');
  assert.match(out, /unchanged {2}2/);
  assert.deepEqual(await numbers(world), { 1: masked(A), 2: masked(B), 3: masked(C) });
  assert.deepEqual(await cases(world), [open('1', '2', 'mismatch'), open('2', '3', 'mismatch')]);
});

test('of two rows that want a number the first gets it', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, `1,Ola,${A}`, `2,Kari,${B}`, '3,Liv,'));
  const out = await importTwice(world, csv(HEADER, `1,Ola,${B}`, `2,Kari,${A}`, `3,Liv,${A}`));
  assert.match(out, /changed {4}2\n {2}unchanged {2}1/);
  assert.deepEqual(await numbers(world), { 1: masked(B), 2: masked(A), 3: null });
  assert.deepEqual(await cases(world), [open('3', '2')]);
});

test('a number that a login confirmed is not given up', async () => {
  await using world = await createImportWorld();
  await addProvider(world.db, world.organization);
  await world.imported(csv(`${HEADER},phone,email`, `1,Kari,${A},90000001,k@example.org`, '2,Ola,,,'));
  await world.query(
    `select from login.record_observation(observation_id => gen_random_uuid(), organization => $1, provider => 'vipps',
       issuer => 'https://provider.example/', subject => 'kari', authenticated_at => now(), given_name => 'Kari',
       phone => '+4790000001', phone_verified => true, email => 'k@example.org', email_verified => true,
       personnummer_index => $2, personnummer_sealed => $3, personnummer_masked => $4)`,
    [world.organization.slug, ...Object.values(await sealNumber(A, world.organization))],
  );
  await importTwice(world, csv(HEADER, `2,Ola,${A}`, `1,Kari,${B}`));
  assert.deepEqual(await numbers(world), { 1: masked(A), 2: null });
  assert.deepEqual((await cases(world)).map((row) => Object.values(row as object).join(' ')).sort(), [
    'duplicate open 2 1',
    'mismatch open 1 ',
  ]);
});

test('numbers that wait are forgotten with an import that is given up; the next one moves them', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, `1,Ola,${C}`, `2,Kari,${D}`));
  const filling = Array.from({ length: 3_000 }, (_, at) => `f${at},Per,`);
  const content = csv(HEADER, `1,Ola,${D}`, ...filling, `2,Kari,${C}`);
  const first = world.start(world.file('first.csv', content), '--partial');
  const waiting = () => world.query('select from registry.waiting_numbers');
  await until('the first of the two has arrived', async () => (await waiting()).length === 1);
  first.process.kill('SIGKILL');
  await first.finished;
  await world.imported(csv(HEADER, '3,Liv,'), '--partial');
  assert.deepEqual([await cases(world), await waiting()], [[], []]);
  await world.imported(csv(HEADER, `1,Ola,${D}`, `2,Kari,${C}`), '--partial');
  const { 1: ola, 2: kari } = await numbers(world);
  assert.deepEqual([ola, kari], [masked(D), masked(C)]);
  assert.deepEqual(await cases(world), []);
});

test('where the legal basis goes while the file is read, waiting numbers are forgotten', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, `1,Ola,${A}`, '2,Kari,'));
  const sealed = await sealNumber(A, world.organization);
  const [run] = await world.query<{ run_id: string }>('select * from import.start_run($1, $2, $3, false)', [
    world.organization.slug,
    'f'.repeat(64),
    ['personnummer'],
  ]);
  await world.query(`select from import.accept_file($1, '{}', true, false)`, [run?.run_id]);
  const rows = JSON.stringify([{ line: 2, external_id: '2', ...sealed }]);
  await world.query('select import.load_rows($1, 0, 1, $2, $3)', [run?.run_id, rows, '[]']);
  await world.query('update registry.organizations set capture_basis = null');
  await world.query('select import.finish_run($1)', [run?.run_id]);
  assert.deepEqual(await cases(world), []);
  assert.deepEqual(await world.query('select from registry.waiting_numbers'), []);
  assert.deepEqual(await world.query('select from registry.offered_numbers'), []);
});

test('a batch whose rows all have one number takes little more work than one whose rows have each their own', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const { start, load } = importByHand(db, organization);
  await addHolder(db, organization, 'verified', 7, 'vipps-login');
  const rows = (from: number, n: (at: number) => number) => [
    ...(from === 0 ? [] : [{ line: 1, external_id: 'verified', n: 1 }]),
    ...Array.from({ length: 500 }, (_, at) => ({ line: at + 2, external_id: `${from + at}`, n: n(at) })),
  ];
  const loadCounted = async (file: string, batch: ReturnType<typeof rows>) => {
    const { run_id } = await start(file);
    const client = await db.pool.connect();
    try {
      await client.query('begin');
      await load(run_id, 0, batch, client);
      const counted = await client.query(
        'select sum(pg_stat_get_xact_blocks_fetched(oid))::int as pages from pg_class',
      );
      await client.query('commit');
      return { pages: counted.rows[0].pages as number, runId: run_id };
    } finally {
      client.release();
    }
  };
  const own = await loadCounted(
    'a',
    rows(0, (at) => 100 + at),
  );
  // As an import itself does when its table has grown (private.analyze_import).
  await db.pool.query('analyze registry.members, registry.import_lines, registry.waiting_numbers');
  const shared = await loadCounted(
    'b',
    rows(1_000, () => 1),
  );
  assert.ok(shared.pages < own.pages * 3, `${shared.pages} pages, and ${own.pages}`);
  const { rows: found } = await db.pool.query(
    `select (select string_agg(external_id, ',') from registry.members where personnummer_index = 'v1.n1') as holder,
            (select count(*)::int from registry.waiting_numbers where run_id = $1) as waiting,
            (select count(*)::int from registry.conflicts where kind = 'mismatch') as cases`,
    [shared.runId],
  );
  // The first row's member has a verified number of its own, so the second one gets it.
  assert.deepEqual(found, [{ holder: '1000', waiting: 499, cases: 1 }]);
});

// More than the thousand that are settled at a time, in turn, so that each number has rows in both portions.
test('of a thousand rows with a few numbers the first of each has it, and the others are cases', async () => {
  await using world = await createImportWorld();
  const among = sampleNumbers.length;
  const each = Math.ceil(1_020 / among);
  const rows = Array.from({ length: each * among }, (_, at) => `${at},Ola,${sampleNumbers[at % among]}`);
  const out = await importTwice(world, csv(HEADER, ...rows));
  assert.ok(out.includes(`added      ${rows.length}\n`), out);
  const found = await world.query<{ other: string; n: number }>(
    `select o.external_id as other, count(*)::integer as n from registry.conflicts as c
     join registry.members as o on o.id = c.other_member_id where c.kind = 'duplicate' and c.state = 'open' group by o.external_id order by o.external_id::integer`,
  );
  assert.deepEqual(
    found,
    sampleNumbers.map((_, at) => ({ other: String(at), n: each - 1 })),
  );
});
