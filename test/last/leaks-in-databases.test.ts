import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { clusterUrl } from '../support/cluster.ts';
import { searchDatabase, searchedDatabases } from '../support/leaks.ts';
import { databaseUrl } from '../support/template.ts';

// Runs after all other tests. Most databases were searched by the tests that made them, and are gone (createTestDatabase);
// here are those that somebody was still connected to.
const HALF_AN_HOUR = 1_800_000;

test(
  'no column of any table of any database, job payloads and last_error included, holds a test number',
  async () => {
    const cluster = clusterUrl();
    const client = new pg.Client({ connectionString: cluster });
    await client.connect();
    const { rows } = await client.query<{ datname: string }>(
      `select datname from pg_database where datallowconn and datname ~ '^test_'`,
    );
    await client.end();
    const names = rows.map((row) => row.datname);
    assert.ok(
      names.length + searchedDatabases().length > 0,
      'no database was searched or left behind: these tests run after the others',
    );
    console.log(
      `${searchedDatabases().length} databases were searched by their tests, ${names.length} are searched now`,
    );
    const found: string[] = [];
    const search = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        found.push(...(await searchDatabase(databaseUrl(cluster, name))).map((place) => `${name} ${place}`));
      }
    };
    await Promise.all([search(), search()]);
    assert.deepEqual(found, []);
  },
  HALF_AN_HOUR,
);
