import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk } from '../support/desk.ts';
import { addMember, addOrganization, type Organization, sampleNumbers, sealNumber } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';
import { addHolder, type HandRow, importByHand, numberOf } from './support/by-hand.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/** Members that there are, by what they have; rows of a file; how it is sent. */
const worlds = fc.record({
  members: fc.array(fc.record({ n: fc.option(fc.nat(8)), verified: fc.nat(6).map((one) => one === 0) }), {
    minLength: 1,
    maxLength: 9,
  }),
  rows: fc.uniqueArray(fc.record({ member: fc.nat(11), n: fc.option(fc.nat(8), { freq: 9 }) }), {
    selector: (row) => row.member,
    maxLength: 12,
  }),
  batch: fc.integer({ min: 1, max: 4 }),
  killed: fc.boolean(),
});

test('random exports: every number is on its member or a case, none is lost, a dry run counts the same, and a second import finds nothing', async () => {
  await using db = await createTestDatabase();
  await fc.assert(
    fc.asyncProperty(worlds, (world) => holds(db, world)),
    { numRuns: 60 },
  );
});

type ImportCase = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

/** @returns the external ids of those who have a number now: of two who want the same, the first */
async function addHolders(db: TestDatabase, organization: Organization, members: ImportCase['members']) {
  const had = new Set<number>();
  const holders: string[] = [];
  for (const [at, { n, verified }] of members.entries()) {
    const free = n !== null && !had.has(n);
    await addHolder(db, organization, `m${at}`, free ? n : null, verified ? 'vipps-login' : 'import');
    if (!free) continue;
    had.add(n);
    holders.push(`m${at}`);
  }
  return holders;
}

/** Sends a file as the program does. @param killed after every batch, before its answer arrived */
function createSender(db: TestDatabase, organization: Organization, file: HandRow[], batch: number, killed: boolean) {
  const { start, load, finish } = importByHand(db, organization);
  return async (name: string, dryRun: boolean) => {
    let { run_id } = await start(name, dryRun);
    for (let at = 0; at < file.length; at += batch) {
      const rows = file.slice(at, at + batch);
      await load(run_id, at, rows);
      if (!killed || dryRun) continue;
      await load(run_id, at, rows);
      ({ run_id } = await start(name));
    }
    return finish(run_id);
  };
}

/** What every member has, and the open cases with the numbers that they offer. */
async function look(db: TestDatabase, organization: Organization) {
  const query = async (sql: string) => (await db.pool.query(sql, [organization.id])).rows;
  const members = await query(
    'select external_id, personnummer_index as index from registry.members where organization_id = $1',
  );
  const cases = await query(
    `select c.kind, m.external_id, n.personnummer_index as index from registry.conflicts as c
     join registry.members as m on m.id = c.member_id join registry.offered_numbers as n on n.conflict_id = c.id
     where c.organization_id = $1 and c.state = 'open' order by c.id`,
  );
  return { has: new Map(members.map(({ external_id, index }) => [external_id, index])), cases };
}

async function holds(db: TestDatabase, { members, rows, batch, killed }: ImportCase) {
  const organization = await addOrganization(db);
  const holders = await addHolders(db, organization, members);
  const file: HandRow[] = rows.map(({ member, n }, at) => ({ line: at + 2, external_id: `m${member}`, n }));
  const send = createSender(db, organization, file, batch, killed);
  const counts = await send('a', true);
  assert.deepEqual(await send('a', false), counts);
  const { has, cases } = await look(db, organization);
  for (const holder of holders) assert.ok(has.get(holder), `${holder} has lost its number`);
  for (const { external_id, n } of file) {
    if (n === null) continue;
    const { personnummer_index } = numberOf(n);
    const isCase = cases.some((one) => one.external_id === external_id && one.index === personnummer_index);
    const isThere = has.get(external_id) === personnummer_index;
    assert.ok(isThere || isCase, `${external_id} has neither the number nor a case`);
  }
  for (const { external_id, kind } of cases)
    assert.equal(kind, has.get(external_id) === null ? 'duplicate' : 'mismatch', external_id);
  assert.equal(cases.length, counts.duplicates + counts.conflicts);
  const again = await send('b', false);
  assert.deepEqual([again.added, again.updated, again.duplicates], [0, 0, counts.duplicates]);
  assert.deepEqual((await look(db, organization)).cases, cases);
}

test('of two rows that want a number the first gets it, also where its holder has given it up between them', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  for (const [id, n] of [
    ['first', null],
    ['holder', 1],
    ['second', null],
  ] as const)
    await addHolder(db, organization, id, n);
  const { start, load, finish } = importByHand(db, organization);
  const { run_id } = await start('a');
  const file = [
    { line: 2, external_id: 'first', n: 1 },
    { line: 3, external_id: 'holder', n: 2 },
    { line: 4, external_id: 'second', n: 1 },
  ];
  for (const [at, row] of file.entries()) await load(run_id, at, [row]);
  assert.equal((await finish(run_id)).duplicates, 1);
  const { rows } = await db.pool.query(
    'select external_id, personnummer_index as index from registry.members order by 1',
  );
  assert.deepEqual(
    rows.map(({ index }) => index),
    ['v1.n1', 'v1.n2', null],
  );
});

test('a case about a record that is between two numbers for a moment stays open', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const most = 1_100; // more than are moved at a time
  await db.pool.query(
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
     select $1, 'm' || i, 'v1.n' || i, 'sealed', lpad((10100 + i)::text, 6, '0') || '*****', 'import', now() from generate_series(1, $2::int) as i`,
    [organization.id, most],
  );
  await db.pool.query(
    `insert into registry.conflicts (organization_id, kind, member_id, other_member_id, fingerprint, detail)
     select m.organization_id, 'mismatch', m.id, o.id, 'mismatch', '{"import_run_id": "x"}' from registry.members as m, registry.members as o
     where m.external_id = $1 and o.external_id = 'm5'`,
    [`m${most}`],
  );
  await db.pool.query(
    `insert into registry.offered_numbers (conflict_id, personnummer_index, personnummer_sealed, personnummer_masked)
     select id, 'v1.n5', 'sealed', '010105*****' from registry.conflicts`,
  );
  const { start, load, finish } = importByHand(db, organization);
  const { run_id } = await start('a');
  const file = Array.from({ length: most }, (_, at) => ({
    line: at + 2,
    external_id: `m${at + 1}`,
    n: ((at + 1) % most) + 1,
  }));
  for (let at = 0; at < most; at += 500) await load(run_id, at, file.slice(at, at + 500));
  assert.equal((await finish(run_id)).updated, most);
  assert.equal((await one(db, 'select state from registry.conflicts')).state, 'open');
});

test('two organisations finish at once: neither waits for the other', async () => {
  await using db = await createTestDatabase();
  const prepare = async () => {
    const organization = await addOrganization(db);
    for (const n of [1, 2]) await addHolder(db, organization, `m${n}`, n);
    const { start, load } = importByHand(db, organization);
    const { run_id } = await start('a');
    await load(
      run_id,
      0,
      [1, 2].map((n) => ({ line: n, external_id: `m${n}`, n: 3 - n })),
    );
    return run_id;
  };
  const [first, second] = [await prepare(), await prepare()];
  await using held = await begin(db);
  await held.query('select * from import.finish_run($1)', [first]);
  await using other = await begin(db);
  await other.query(`set local lock_timeout = '2s'`);
  assert.equal((await other.query('select * from import.finish_run($1)', [second])).rows[0].updated, 2);
});

test('a decision that is taken back gives a number to somebody while a batch does: the batch is to be sent again', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const { conflict_id } = await settle('accept_observed');
    await addMember(db, callback.organization, { external_id: 'liv' });
    await using held = await begin(db);
    await held.query(`select set_config('request.jwt.claims', $1, true)`, [
      JSON.stringify({ sub: coordinator.userId }),
    ]);
    await held.query('select private.undo_resolution($1, null)', [conflict_id]);
    const { run_id } = await importByHand(db, callback.organization).start('a');
    const rows = [{ line: 2, external_id: 'liv', ...(await sealNumber(OTHER_NUMBER, callback.organization)) }];
    const load = () =>
      db.pool.query(`select * from import.load_rows($1, 0, 1, $2, '[]')`, [run_id, JSON.stringify(rows)]);
    const refused = assert.rejects(load(), { code: '40001' });
    await blocked(db, 1);
    await held.query('commit');
    await refused;
    assert.equal((await load()).rows[0].records_done, 1);
  }));

test('a number that changes while the batch waits for another record is not judged unlocked: the batch is to be sent again', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  for (const n of [1, 2]) await addHolder(db, organization, `m${n}`, n);
  const { start, load } = importByHand(db, organization);
  const { run_id } = await start('a');
  const rows = [1, 3].map((n, at) => ({ line: at + 2, external_id: `m${at + 1}`, n }));
  await using held = await begin(db);
  await held.query(`select from registry.members where external_id = 'm2' for no key update`);
  const refused = assert.rejects(load(run_id, 0, rows), { code: '40001' });
  await blocked(db, 1);
  await db.pool.query(
    `update registry.members set personnummer_index = 'v1.n4', personnummer_source = 'coordinator' where external_id = 'm1'`,
  );
  await held.query('commit');
  await refused;
  await load(run_id, 0, rows);
  assert.deepEqual((await look(db, organization)).cases, [{ kind: 'mismatch', external_id: 'm1', index: 'v1.n1' }]);
});

test('rows that want the same number lock their records together: a batch that waits for one holds none that comes after it', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  for (const n of [1, 2]) await addHolder(db, organization, `m${n}`, n);
  const { rows: members } = await db.pool.query('select external_id from registry.members order by id');
  const [low, high] = members.map(({ external_id }) => external_id as string) as [string, string];
  await db.pool.query(`update registry.members set personnummer_source = 'coordinator' where external_id = $1`, [low]);
  const { start, load } = importByHand(db, organization);
  const { run_id } = await start('a');
  const lock = `select from registry.members where external_id = $1 for no key update`;
  await using held = await begin(db);
  await held.query(lock, [low]);
  const loaded = load(
    run_id,
    0,
    [high, low].map((external_id, at) => ({ line: at + 2, external_id, n: 3 })),
  );
  await blocked(db, 1);
  assert.equal((await db.pool.query(`${lock} nowait`, [high])).rowCount, 1);
  await held.query('commit');
  await loaded;
});
