import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { describePlan, planMigrations } from '../../db/plan.ts';
import { type ActingCallback, actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { asMigration, documentedMigrations, withMigrations } from '../support/documented-migrations.ts';
import { sampleNumbers } from '../support/samples.ts';
import { until } from '../support/until.ts';

const ADD_COLUMN = asMigration('alter table registry.members add column nickname text;');
const hasColumn = async (db: TestDatabase) =>
  (
    await one<{ has: boolean }>(
      db,
      `select exists (select from information_schema.columns where table_name = 'members' and column_name = 'nickname') as has`,
    )
  ).has;

/** Somebody's transaction, open for as long as the test wants it. */
async function holdMember(db: TestDatabase, externalId: string) {
  const client = new pg.Client({ connectionString: db.ownerUrl, application_name: 'a long export' });
  await client.connect();
  await client.query('begin');
  await client.query('update registry.members set external_id = external_id where external_id = $1', [externalId]);
  let open = true;
  return {
    async letGo() {
      if (open) await client.query('commit');
      open = false;
    },
    async [Symbol.asyncDispose]() {
      await client.end();
    },
  };
}

/** Logs somebody in again and again. @returns outcomes, and how long the slowest took, when it is told to stop */
function keepLoggingIn(callback: ActingCallback) {
  let stopped = false;
  const outcomes: Record<string, number> = {};
  let slowestMs = 0;
  const running = (async () => {
    while (!stopped) {
      const begun = performance.now();
      const { outcome } = await callback.login({ personnummer: sampleNumbers[0] });
      slowestMs = Math.max(slowestMs, performance.now() - begun);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  })();
  return {
    count: () => Object.values(outcomes).reduce((sum, n) => sum + n, 0),
    async stop() {
      stopped = true;
      await running;
      return { outcomes, slowestMs };
    },
  };
}

test('while somebody holds a row for long, the migration waits and logins go on; then it is done', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { external_id: 'kari' });
  await addKari(db, callback, {
    external_id: 'ola',
    phone: '+4790000009',
    email: 'ola@example.org',
    given_name: 'Ola',
  });
  await callback.login({ personnummer: sampleNumbers[0] });
  await using holder = await holdMember(db, 'ola');

  const logins = keepLoggingIn(callback);
  const lines: string[] = [];
  const migrating = migrate({
    databaseUrl: db.ownerUrl,
    migrationsFolder: withMigrations(ADD_COLUMN),
    log: (line) => lines.push(line),
  });
  const inVain = () => lines.filter((line) => line.includes('Logins go first'));
  await until('two tries in vain', () => inVain().length >= 2);
  const before = logins.count();
  await until('more logins', () => logins.count() > before);
  assert.equal(await hasColumn(db), false);
  assert.match(
    inVain()[0] as string,
    /^20990101000000_next\.sql: waits for a lock of \S+ \(a long export\), process \d+, \d+ s\./,
  );
  await holder.letGo();
  await migrating;
  const { outcomes, slowestMs } = await logins.stop();
  assert.equal(await hasColumn(db), true);
  // Nobody was told that it does not work now, and no login was kept for the worker.
  assert.deepEqual(Object.keys(outcomes), ['confirmed']);
  assert.ok(slowestMs < 2_500, `the slowest login took ${Math.round(slowestMs)} ms`);
});

test('whoever never lets go is named, nothing is done, and a second run does it', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { external_id: 'kari' });
  await using holder = await holdMember(db, 'kari');
  const options = { databaseUrl: db.ownerUrl, migrationsFolder: withMigrations(ADD_COLUMN) };
  await assert.rejects(
    migrate({ ...options, patienceMs: 100 }),
    /^Error: 20990101000000_next\.sql: no lock within 0 s; it is held by \S+ \(a long export\).* run npm run migrate again\.$/,
  );
  assert.equal(await hasColumn(db), false);
  await holder.letGo();
  await migrate(options);
  assert.equal(await hasColumn(db), true);
});

test('an index that was interrupted half-made is made anew', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { external_id: 'kari' });
  const index = documentedMigrations().at(-1) as string;
  const create = /^create index concurrently.*;$/m.exec(index)?.[0].replace('nickname)', 'external_id)') as string;
  await using holder = await holdMember(db, 'kari');
  const client = await db.pool.connect();
  await client.query(`set lock_timeout = '100ms'`);
  await assert.rejects(client.query(create), /lock timeout/);
  client.release();
  await holder.letGo();
  const isValid = async () =>
    one(db, `select indisvalid as valid from pg_index where indexrelid = 'registry.members_nickname'::regclass`);
  assert.deepEqual(await isValid(), { valid: false });
  await migrate({
    databaseUrl: db.ownerUrl,
    migrationsFolder: withMigrations(index.replace('nickname)', 'external_id)')),
  });
  assert.deepEqual(await isValid(), { valid: true });
});

test('--plan: what would be applied, and whether logins wait; nothing is changed', async () => {
  await using db = await createTestDatabase();
  assert.deepEqual(describePlan(await planMigrations(db.ownerUrl)), ['no migration is to be applied']);
  const slow = asMigration('create index members_x on registry.members (external_id);');
  const folder = withMigrations(...documentedMigrations(), slow);
  const lines = describePlan(await planMigrations(db.ownerUrl, folder));
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('    ')),
    [
      '7 migrations are to be applied',
      '20990101000000_next.sql',
      '  adds column nickname to registry.members; alters table (column default) registry.members nickname',
      '  logins: wait for a moment',
      '20990101000001_next.sql',
      '  changes rows in batches',
      '  logins: go on',
      '20990101000002_next.sql',
      '  adds check nickname_is_there to registry.members',
      '  logins: wait for a moment',
      '20990101000003_next.sql',
      '  validates constraint nickname_is_there of registry.members',
      '  logins: go on',
      '20990101000004_next.sql',
      '  forbids null in registry.members.nickname; alters table (drop constraint) registry.members nickname_is_there',
      '  logins: wait for a moment',
      '20990101000005_next.sql',
      '  creates index concurrently members_nickname on registry.members',
      '  logins: go on',
      '20990101000006_next.sql',
      '  creates index members_x on registry.members',
      '  logins: stop until it is done: let nobody in while it runs',
    ],
  );
  assert.match(lines.at(-1) as string, /^ {4}line 3: creates index .*concurrently/);
  assert.equal(await hasColumn(db), false);
});

test('--plan: migrations of the job queue are told too', async () => {
  await using db = await createTestDatabase();
  const last = await one<{ id: number; ts: Date; breaking: boolean }>(
    db,
    'delete from graphile_worker.migrations where id = (select max(id) from graphile_worker.migrations) returning *',
  );
  try {
    const lines = describePlan(await planMigrations(db.ownerUrl));
    assert.deepEqual(lines.slice(0, 2), [
      '0 migrations are to be applied',
      `job queue: graphile-worker's own migration ${last.id}`,
    ]);
    assert.match(lines[2] as string, /workers of the version before may stop/);
  } finally {
    await db.pool.query('insert into graphile_worker.migrations values ($1, $2, $3)', [
      last.id,
      last.ts,
      last.breaking,
    ]);
  }
});

test('the command ends with 0 where nothing is to do, and with 3 where something is', async () => {
  await using db = await createTestDatabase();
  const plan = async (url: string) => {
    const child = spawn(process.execPath, ['db/migrate.ts', '--plan'], {
      env: { ...bareEnvironment(), DATABASE_URL: url },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
    const [code] = await once(child, 'close');
    return { code, said };
  };
  assert.deepEqual(await plan(db.ownerUrl), { code: 0, said: 'no migration is to be applied\n' });
  const name = `${db.name}_new`;
  await db.pool.query(`create database ${name}`);
  try {
    const { code, said } = await plan(Object.assign(new URL(db.ownerUrl), { pathname: `/${name}` }).href);
    assert.equal(code, 3, said);
    assert.match(
      said,
      /^\d+ migrations are to be applied\na new database: there is nobody yet who could log in\n20261128000100_schemas\.sql\n/,
    );
    assert.match(said, /20261128000200_registry\.sql\n {2}creates type: \d+; creates table: \d+/);
  } finally {
    await db.pool.query(`drop database ${name}`);
  }
});
