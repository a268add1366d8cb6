import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { readObjects } from '../../db/catalog.ts';
import { type FreezePlan, planFreeze } from '../../db/freeze/plan.ts';
import { migrationText } from '../../db/freeze.ts';
import { type FunctionFile, readFunctionFiles } from '../../db/function-files.ts';
import { changedHistory } from '../../db/released.ts';
import { createTestDatabase } from '../support/database.ts';

async function withClient<T>(action: (client: pg.Client) => Promise<T>): Promise<T> {
  await using db = await createTestDatabase();
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}

const drops = (plan: FreezePlan) => plan.drops.map(({ statement }) => statement);
const names = ({ files }: FreezePlan) => files.map(({ name }) => name).sort();

/** Runs the plan's migration, and shows that there is nothing more to do after it. */
async function carryOut(client: pg.Client, plan: FreezePlan, files: FunctionFile[], schemas?: string[]): Promise<void> {
  await client.query(`begin; ${migrationText(plan).split('-- migrate:down')[0]}; commit`);
  assert.deepEqual(await planFreeze(client, files, schemas), { drops: [], files: [] });
}

/** A function, two views, a table and a trigger of the test's own, in a schema of its own. */
const TABLES = `
  create schema sample authorization registry_owner;
  set role registry_owner;
  create table sample.rows (id int);
  reset role;`;
const FIRST: FunctionFile[] = [
  sample('one', `create or replace function sample.one(p_one int) returns int language sql immutable as 'select $1';`),
  sample('view', 'create or replace view sample.view as select sample.one(1) as one, 2 as two;'),
  sample('view_of_view', 'create or replace view sample.view_of_view as select two from sample.view;'),
  sample(
    'tg',
    `create or replace function sample.tg() returns trigger language plpgsql as 'begin return new; end';
     create or replace trigger _100_tg before insert on sample.rows for each row execute function sample.tg();`,
  ),
];

function sample(name: string, sql: string): FunctionFile {
  return { name: `sample.${name}`, path: `sample/sample.${name}.sql`, sql };
}

/** What the second state of the sample's files makes of the first. */
async function planOf(change: (files: FunctionFile[]) => FunctionFile[], extra = ''): Promise<FreezePlan> {
  return withClient(async (client) => {
    await client.query(TABLES);
    await carryOut(client, await planFreeze(client, FIRST, ['sample']), FIRST, ['sample']);
    await client.query(extra);
    const plan = await planFreeze(client, change(FIRST), ['sample']);
    await carryOut(client, plan, change(FIRST), ['sample']);
    return plan;
  });
}

const replaced = (name: string, from: string, to: string) => (files: FunctionFile[]) =>
  files.map((each) => (each.name === name ? { ...each, sql: each.sql.replace(from, to) } : each));

test('db/functions/ and db/migrations/ agree in definitions, grants and comments', async () => {
  const files = await readFunctionFiles();
  const plan = await withClient((client) => planFreeze(client, files));
  assert.deepEqual({ drops: plan.drops, differ: names(plan) }, { drops: [], differ: [] }, 'run `npm run db:freeze`');
});

test('every function and view of ours has its file, and every file its object', async () => {
  const files = (await readFunctionFiles()).map(({ name }) => name).sort();
  const objects = await withClient(readObjects);
  assert.deepEqual(
    objects
      .filter(({ kind }) => kind !== 'trigger')
      .map(({ name }) => name)
      .sort(),
    files,
  );
});

test('a changed body, grant, comment or trigger is noticed and frozen', async () => {
  const files = await readFunctionFiles();
  const edits: Record<string, (sql: string) => string> = {
    'private.actor': (sql) => sql.replace('coordinator:', 'person:'),
    'login.providers': (sql) => `${sql}grant execute on function login.providers to auditor;\n`,
    'private.enqueue': (sql) => sql.replace('Queues the job', 'Adds the job'),
    'private.tg_members__version': (sql) => `${sql}alter table registry.members enable always trigger _100_version;\n`,
    'api.failed_syncs': (sql) => sql.replace("p.state in ('rejected', 'given_up')", "p.state = 'rejected'"),
  };
  const edited = files.map((each) => ({ ...each, sql: edits[each.name]?.(each.sql) ?? each.sql }));
  await withClient(async (client) => {
    const plan = await planFreeze(client, edited);
    assert.deepEqual(names(plan), Object.keys(edits).sort());
    assert.deepEqual(drops(plan), []);
    await carryOut(client, plan, edited);
  });
});

test('what went is dropped: views before what they use, a trigger before its function', async () => {
  const plan = await planOf(() => []);
  assert.deepEqual(plan.files, []);
  assert.deepEqual(drops(plan), [
    'drop trigger _100_tg on sample.rows;',
    'drop view sample.view_of_view;',
    'drop view sample.view;',
    'drop function sample.one(integer);',
    'drop function sample.tg();',
  ]);
});

test('other arguments or another result of a function: dropped with the views that use it, and all made again', async () => {
  for (const [from, to] of [
    ['p_one int)', 'p_one int, p_two int default 2)'],
    ['returns int', 'returns bigint'],
    ['p_one int)', 'p_other int)'],
  ] as const) {
    const plan = await planOf(replaced('sample.one', from, to));
    assert.deepEqual(drops(plan), [
      'drop view sample.view_of_view;',
      'drop view sample.view;',
      'drop function sample.one(integer);',
    ]);
    assert.deepEqual(names(plan), ['sample.one', 'sample.view', 'sample.view_of_view']);
  }
});

test('a column taken out of a view: dropped with the view that uses it; one added at its end: replaced', async () => {
  const less = await planOf(replaced('sample.view', 'sample.one(1) as one, ', ''));
  assert.deepEqual(drops(less), ['drop view sample.view_of_view;', 'drop view sample.view;']);
  const more = await planOf(replaced('sample.view', '2 as two', '2 as two, 3 as three'));
  assert.deepEqual({ drops: more.drops, files: names(more) }, { drops: [], files: ['sample.view'] });
});

test('what a policy uses is not dropped behind its back', async () => {
  const policy = 'create policy mine on sample.rows using (id = sample.one(1))';
  await expect(planOf(replaced('sample.one', 'p_one int)', 'p_one bigint)'), policy)).rejects.toThrow(
    /sample\.one\(integer\) must be dropped, but policy mine on table sample\.rows uses it/,
  );
});

test('a file that does not apply is an error', async () => {
  const broken = sample('broken', "create or replace function sample.broken() returns nothing language sql as '';");
  await expect(planOf((files) => [...files, broken])).rejects.toThrow(/type "nothing" does not exist/);
});

test('a released migration that was changed or lost, and a new one placed before it, are refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'released-'));
  writeFileSync(join(folder, '2_kept.sql'), 'kept');
  writeFileSync(join(folder, '3_changed.sql'), 'changed');
  writeFileSync(join(folder, '1_early.sql'), 'early');
  writeFileSync(join(folder, '5_new.sql'), 'new');
  const kept = createHash('sha256').update('kept').digest('hex');
  writeFileSync(
    join(folder, 'released.sha256'),
    [`${kept}  2_kept.sql`, `${kept}  3_changed.sql`, `${kept}  4_lost.sql`, ''].join('\n'),
  );
  const found = changedHistory(folder).map(
    ({ file: name, says }) => `${name}: ${says.split(' ').slice(0, 4).join(' ')}`,
  );
  assert.ok(found.includes('4_lost.sql: was released and is'));
  assert.ok(found.includes('3_changed.sql: was released and must'));
  assert.ok(found.includes('1_early.sql: needs a higher number'));
  assert.equal(found.length, 3);
});

test('files are found in every folder, and a folder changes nothing in their order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'functions-'));
  mkdirSync(join(folder, 'b'));
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'b', 'private.one.sql'), '-- one');
  writeFileSync(join(folder, 'a', 'private.two.sql'), '-- two\nselect private.zero();');
  writeFileSync(join(folder, 'a', 'private.zero.sql'), '-- zero');
  const files = await readFunctionFiles(pathToFileURL(`${folder}/`));
  assert.deepEqual(
    files.map(({ path }) => path),
    ['b/private.one.sql', 'a/private.zero.sql', 'a/private.two.sql'],
  );
});
