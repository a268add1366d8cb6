import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { changedFiles, compare, migrationText } from '../../db/freeze.ts';
import { readFunctionFiles } from '../../db/function-files.ts';
import { createTestDatabase } from '../support/database.ts';

async function withClient<T>(url: string, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}

test('db/functions/ and db/migrations/ agree in definitions, grants and comments', async () => {
  await using db = await createTestDatabase();
  const files = await readFunctionFiles();
  const { before, after } = await withClient(db.ownerUrl, (client) => compare(client, files));
  const differing = changedFiles(files, before, after).map(({ path }) => `db/functions/${path}`);
  assert.deepEqual(differing, [], 'differ from the migrations; run `npm run db:freeze`');
});

test('every function and view of ours has its file, and every file its object', async () => {
  await using db = await createTestDatabase();
  const files = (await readFunctionFiles()).map(({ name }) => name).sort();
  const { before } = await withClient(db.ownerUrl, (client) => compare(client, []));
  const objects = [...before.keys()].filter((name) => !name.includes(' trigger ')).sort();
  assert.deepEqual(objects, files);
});

test('a changed body, grant, comment or trigger is noticed and frozen', async () => {
  await using db = await createTestDatabase();
  const files = await readFunctionFiles();
  const edits: Record<string, (sql: string) => string> = {
    'private.actor': (sql) => sql.replace('coordinator:', 'person:'),
    'login.providers': (sql) => `${sql}grant execute on function login.providers to auditor;\n`,
    'private.enqueue': (sql) => sql.replace('Queues the job', 'Adds the job'),
    'private.tg_members__version': (sql) => `${sql}alter table registry.members enable always trigger _100_version;\n`,
    'api.failed_syncs': (sql) => sql.replace("p.state in ('rejected', 'given_up')", "p.state = 'rejected'"),
  };
  const edited = files.map((file) => ({ ...file, sql: edits[file.name]?.(file.sql) ?? file.sql }));
  const { before, after } = await withClient(db.ownerUrl, (client) => compare(client, edited));
  const changed = changedFiles(edited, before, after);
  assert.deepEqual(changed.map(({ name }) => name).sort(), Object.keys(edits).sort());

  const migration = migrationText(changed).split('-- migrate:down')[0] as string;
  await withClient(db.ownerUrl, (client) => client.query(migration));
  const settled = await withClient(db.ownerUrl, (client) => compare(client, edited));
  assert.deepEqual(changedFiles(edited, settled.before, settled.after), []);
});
