import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { lockingMigrations } from '../../db/lint/locking-migrations.ts';
import { readLoginTables } from '../../db/locks/login-tables.ts';
import { judgeMigrations, type Waiting } from '../../db/locks/migration.ts';
import { readMigration, readMigrations } from '../../db/migration-files.ts';
import { artifactsFolder } from '../support/artifacts.ts';

const loginTables = readLoginTables();
const ALONE = '-- migrate:up transaction:false\n';
const migration = (sql: string) =>
  sql.startsWith('--') ? sql : `-- migrate:up\nset local role registry_owner;\n${sql}\nreset role;\n`;

/** @param earlier migrations before it, each as its SQL */
async function judge(sql: string, earlier: string[] = []) {
  const files = [...earlier, sql].map((text, nth) => readMigration(`2027010100000${nth}_x.sql`, migration(text)));
  const [judgement] = await judgeMigrations(files.slice(-1), files.slice(0, -1), loginTables);
  assert.ok(judgement);
  return judgement;
}

test('what a login needs is read from the functions of schema login and their triggers', () => {
  for (const table of [
    'registry.observations',
    'registry.members',
    'registry.identity_links',
    'registry.sessions',
    'audit.events',
    'sync.pushes',
  ])
    assert.ok(loginTables.has(table), table);
  for (const table of ['reporting.dues', 'registry.import_runs', 'billing.invoices'])
    assert.ok(!loginTables.has(table), table);
});

const allowed: [sql: string, waiting: Waiting][] = [
  ['create table registry.notes (id uuid primary key);', 'not at all'],
  ['create table registry.notes (member_id uuid references registry.members (id));', 'a moment'],
  ['create table registry.notes (id uuid); create index notes_id on registry.notes (id);', 'not at all'],
  ['create index runs_x on registry.import_runs (id);', 'not at all'],
  ['alter table registry.members add column note text;', 'a moment'],
  ["alter table registry.members add column note text not null default 'x';", 'a moment'],
  [
    'alter table registry.members add column seen timestamptz not null default now(), add column n integer default 0::integer;',
    'a moment',
  ],
  ["alter table registry.members add constraint note_said check (note <> '') not valid;", 'a moment'],
  ['alter table registry.members validate constraint note_said;', 'not at all'],
  ['alter table registry.members drop column note;', 'a moment'],
  ['alter table registry.members add constraint one_note unique using index members_note;', 'a moment'],
  [
    'create or replace function private.x() returns void language sql as $$ update registry.members set note = 1 $$;',
    'not at all',
  ],
  [
    'create or replace trigger x after insert on registry.members for each row execute function private.x();',
    'a moment',
  ],
  ['drop trigger x on registry.members; drop function private.x();', 'a moment'],
  ['create policy p on registry.members for select to auditor using (true);', 'a moment'],
  ["alter type registry.source add value 'x';", 'not at all'],
  ["insert into registry.organizations (slug, name) values ('x', 'X');", 'not at all'],
  ['update registry.import_runs set id = id;', 'not at all'],
  ['do $$ begin perform 1 from registry.members limit 1; end $$;', 'not at all'],
  [`${ALONE}create index concurrently if not exists members_note on registry.members (note);\n`, 'not at all'],
  [`${ALONE}drop index concurrently if exists registry.members_note;\n`, 'not at all'],
  [
    `${ALONE}do $$ begin set local lock_timeout = '300ms'; update registry.members set note = ''; commit; end $$;\n`,
    'not at all',
  ],
];

describe.each(allowed)('%s', (sql, waiting) => {
  test(`may be applied: logins wait ${waiting}`, async () => {
    const { faults, ...judgement } = await judge(sql);
    assert.deepEqual([faults, judgement.waiting], [[], waiting]);
  });
});

const STEPS = /not valid`, and `validate constraint/;
const CONCURRENTLY = /`-- migrate:up transaction:false`.*`create index concurrently if not exists/;
const BATCHES = /a thousand rows, commits/;
const refused: [sql: string, says: RegExp][] = [
  ['create index members_note on registry.members (note);', CONCURRENTLY],
  ['create unique index events_x on audit.events (id);', CONCURRENTLY],
  ['create index jobs_x on graphile_worker.jobs (id);', CONCURRENTLY],
  [
    'create index concurrently if not exists members_note on registry.members (note);',
    /line 3: concurrently is not possible in a transaction/,
  ],
  ["alter table registry.members add constraint c check (note <> '');", STEPS],
  ['alter table registry.members add constraint f foreign key (note) references registry.notes (id);', STEPS],
  ['alter table registry.import_runs add constraint f foreign key (x) references registry.members (id);', STEPS],
  ["alter table registry.members add column note text check (note <> '');", STEPS],
  ['alter table registry.members add constraint u unique (note);', /unique using index/],
  ['alter table registry.members add column note text unique;', /unique using index/],
  ['alter table registry.members alter column note set not null;', /check \(note is not null\) not valid/],
  ['alter table registry.members alter column note type integer using 1;', /fill it in batches/],
  ['alter table registry.members add column note uuid default gen_random_uuid();', /without a default/],
  ['alter table registry.members add column n bigint generated always as identity;', /fill it in batches/],
  ['alter table registry.members add column note text not null;', /Give it a default/],
  [
    'alter table registry.members add column note text;\nalter table registry.members validate constraint c;',
    /a migration of its own for each/,
  ],
  [
    'alter table registry.members add column note text;\ncreate index runs_x on registry.import_runs (id);',
    /a migration of its own for each/,
  ],
  ["update registry.members set note = '';", BATCHES],
  ['delete from audit.events;', BATCHES],
  ["do $$ begin update registry.members set note = ''; end $$;", /outside of a block/],
  ["do $$ begin execute 'x'; end $$;", /outside of a block/],
  ['lock table registry.members;', /takes the locks that it needs/],
  ["alter domain registry.masked add constraint c check (value <> '');", /Add the check to the tables/],
  ["set local lock_timeout = '5min';", /npm run migrate sets lock_timeout/],
  ['vacuum full registry.members;', /nobody has said yet what VacuumStmt locks/],
  ['alter table registry.members set unlogged;', /nobody has said yet what AlterTableStmt AT_SetUnLogged locks/],
  [`${ALONE}create index concurrently members_note on registry.members (note);\n`, /if not exists/],
  [
    `${ALONE}create index concurrently if not exists a on registry.members (a);\nselect 1;\n`,
    /transaction:false holds one/,
  ],
  [`${ALONE}do $$ begin update registry.members set note = ''; commit; end $$;\n`, /sets lock_timeout in each/],
];

describe.each(refused)('%s', (sql, says) => {
  test('is refused, and how it is done instead is said', async () => {
    const { faults, waiting } = await judge(sql);
    assert.match(faults.join('\n'), says);
    if (!/set local lock_timeout|vacuum|unlogged|concurrently/.test(sql)) assert.equal(waiting, 'long');
  });
});

test('set not null after a check that an earlier migration has validated; in the same one is too early', async () => {
  const check = 'alter table registry.members add constraint note_is_there check (note is not null) not valid;';
  const validate = 'alter table registry.members validate constraint note_is_there;';
  const setNotNull = 'alter table registry.members alter column note set not null;';
  assert.deepEqual((await judge(setNotNull, [check, validate])).faults, []);
  assert.equal((await judge(setNotNull, [check])).faults.length, 1);
  assert.equal((await judge(`${validate} ${setNotNull}`, [check])).waiting, 'long');
});

test('a column of a type with a check is checked in every row', async () => {
  const domain = 'create domain registry.word as text check (value <> $$$$);';
  assert.match(
    (await judge('alter table registry.members add column note registry.word;', [domain])).faults.join(),
    /Make it a text/,
  );
});

test('of each statement of our own migrations somebody has said what it locks', async () => {
  const judgements = await judgeMigrations(await readMigrations(), [], loginTables);
  const unknown = judgements.flatMap(({ file, faults }) =>
    faults.filter((fault) => fault.includes('nobody has said')).map((fault) => `${file}: ${fault}`),
  );
  assert.deepEqual(unknown, []);
});

test('before the first release npm run check refuses none; after it, the new ones', async () => {
  const folder = mkdtempSync(join(artifactsFolder(), 'locking-'));
  const first = migration('create index members_note on registry.members (note);');
  writeFileSync(join(folder, '20270101000000_first.sql'), first);
  assert.deepEqual(await lockingMigrations(folder), []);
  writeFileSync(join(folder, 'released.sha256'), `${'0'.repeat(64)}  20270101000000_first.sql\n`);
  assert.deepEqual(await lockingMigrations(folder), []);
  writeFileSync(join(folder, '20270101000001_next.sql'), first);
  assert.deepEqual(
    (await lockingMigrations(folder)).map(({ file }) => file),
    ['20270101000001_next.sql'],
  );
});
