import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { readConfigurationFile } from '../../configuration/read-file.ts';
import {
  appTable,
  configuredTables,
  coordinatorTable,
  issuerTable,
  memberSystemTable,
  organizationTable,
  providerTable,
} from '../../configuration/tables.ts';
import { decisions, languages, memberSystemAuthentications, providers } from '../../configuration/values.ts';
import { describeColumns, jsonSchema } from '../../configuration/write-schema.ts';
import { signatureAlgorithms } from '../../runtime/signature-algorithms.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addOrganization } from '../support/samples.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const wordsOf = async (type: string) =>
  (await db.pool.query<{ word: string }>(`select unnest(enum_range(null::${type}))::text as word`)).rows.map(
    ({ word }) => word,
  );

/** The words that a CHECK of a column lists. */
const listedBy = async (table: string, pattern: string) => {
  const { rows } = await db.pool.query<{ rule: string }>(
    `select pg_get_constraintdef(oid) as rule from pg_constraint where conrelid = $1::regclass and pg_get_constraintdef(oid) ~ $2`,
    [table, pattern],
  );
  assert.equal(rows.length, 1, `${table} has one rule with ${pattern}`);
  return [...(rows[0]?.rule ?? '').matchAll(/[A-Za-z_0-9]+(?=[,}']|'::text)/g)].map(([word]) => word);
};

test('the words of the file are those of the database', async () => {
  assert.deepEqual([...providers], await wordsOf('registry.provider'));
  assert.deepEqual([...languages], await wordsOf('registry.language'));
  assert.deepEqual([...memberSystemAuthentications], await wordsOf('sync.http_authentication'));
  const proposable = await listedBy('registry.organizations', 'second_approval <@');
  for (const word of decisions) assert.ok(proposable.includes(word), word);
  const algorithms = await listedBy('registry.identity_providers', 'RS256');
  for (const word of signatureAlgorithms) assert.ok(algorithms.includes(word), word);
});

test('every column of the tables is in the file, or left out for a reason', async () => {
  for (const { name, columns, left } of configuredTables) {
    const { rows } = await db.pool.query<{ column: string }>(
      'select attname as column from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped',
      [name],
    );
    assert.deepEqual(rows.map(({ column }) => column).toSorted(), [...columns, ...Object.keys(left)].toSorted(), name);
  }
});

test('every column that a file may set has its place in the file', () => {
  const organization = jsonSchema().properties?.organizations?.items?.properties ?? {};
  const { providers: providerRows, member_system, issuer, apps, coordinators, ...own } = organization;
  const names = (of: object | undefined) => Object.keys(of ?? {}).toSorted();
  assert.deepEqual(names(own), organizationTable.columns.toSorted());
  assert.deepEqual(
    names(providerRows?.properties?.vipps?.properties),
    providerTable.columns.filter((name) => name !== 'provider').toSorted(),
  );
  assert.deepEqual(names(member_system?.properties), memberSystemTable.columns.toSorted());
  assert.deepEqual(names(issuer?.properties), issuerTable.columns.toSorted());
  assert.deepEqual(names(apps?.items?.properties), appTable.columns.toSorted());
  assert.deepEqual(names(coordinators?.items?.properties), coordinatorTable.columns.toSorted());
});

test('schema and page are as npm run configure:schema writes them', async () => {
  const root = join(import.meta.dirname, '../..');
  const kept = JSON.parse(await readFile(join(root, 'configuration/schema.json'), 'utf8'));
  assert.deepEqual(kept, JSON.parse(JSON.stringify(jsonSchema())));
  const page = await readFile(join(root, 'docs/configuration.md'), 'utf8');
  // Formatting pads the cells.
  const bare = (text: string) => text.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---');
  assert.ok(bare(page).includes(bare(describeColumns())), 'npm run configure:schema');
});

test('an address that no login may return to is refused by the file and by the database', async () => {
  const organization = await addOrganization(db);
  const addresses = {
    'https://app.nhf.example/return?from=login': true,
    'no.nhf.app:/return': true,
    'http://localhost:4300/return': true,
    'http://127.0.0.1/return': true,
    'http://[::1]:1?x': true,
    'http://app.nhf.example/return': false,
    'http://localhost.evil.example/return': false,
    'http://127.0.0.1@evil.example/return': false,
    'javascript:alert(1)//': false,
    'JavaScript:alert(1)//': false,
    'java\nscript:alert(1)//https://x': false,
    'data:text/html,x': false,
    'file:///etc/passwd': false,
    'nhfapp://return': false,
    'https://app.nhf.example/return#top': false,
    ' https://app.nhf.example/return': false,
    'https://app.nhf.example/a\nhttps://app.nhf.example/b': false,
  };
  for (const [address, expected] of Object.entries(addresses)) {
    const file = `organizations:\n  - { slug: nhf, name: N, return_to: [${JSON.stringify(address)}] }\n`;
    const read = () => readConfigurationFile(file, true);
    if (expected) read();
    else assert.throws(read, /no address that a login may return to/, address);
    const write = db.pool.query('update registry.organizations set return_to = $2 where id = $1', [
      organization.id,
      [address],
    ]);
    if (expected) await write;
    else await assert.rejects(write, { code: '23514' }, address);
  }
  const app = `insert into registry.oauth_clients (client_id, organization_id, redirect_uris, name) values ('app', $1, $2, 'App')`;
  await assert.rejects(db.pool.query(app, [organization.id, ['data:text/html,x']]), { code: '23514' });
});
