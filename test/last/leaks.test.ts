import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import pg from 'pg';
import { artifactsFolder } from '../support/artifacts.ts';
import { clusterUrl } from '../support/cluster.ts';
import { knownNumbers, searchDatabase, searchFiles, searchText } from '../support/leaks.ts';
import { databaseUrl } from '../support/template.ts';

// Runs after all other tests, over what they left behind.

test('the search finds a number in every disguise', () => {
  const number = knownNumbers[0] as string;
  for (const text of [
    `x${number}x`,
    `${number.slice(0, 6)} ${number.slice(6)}`,
    Buffer.from(`{"nin":"${number}"}`).toString('base64'),
    Buffer.from(`a${number}`).toString('base64url'),
    encodeURIComponent(`nin=${number.slice(0, 6)} ${number.slice(6)}`),
    createHash('sha256').update(number).digest('hex'),
  ]) {
    assert.ok(searchText(text).length > 0, text.replaceAll(number, '(the number)'));
  }
  assert.deepEqual(searchText('nothing here but 018150***** and a uuid'), []);
});

test('no service log, and not the PostgreSQL log with every statement in it, holds a test number', () => {
  assert.deepEqual(searchFiles(artifactsFolder()), []);
});

test('no column of any table of any database, job payloads and last_error included, holds a test number', async () => {
  const cluster = await clusterUrl();
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    `select datname from pg_database where datallowconn and datname ~ '^test_'`,
  );
  await client.end();
  const found: string[] = [];
  for (const { datname } of rows) {
    found.push(...(await searchDatabase(databaseUrl(cluster, datname))).map((place) => `${datname} ${place}`));
  }
  assert.deepEqual(found, []);
});
