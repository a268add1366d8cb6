import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { clusterUrl } from '../support/cluster.ts';
import { searchDatabase } from '../support/leaks.ts';
import { databaseUrl } from '../support/template.ts';

// Runs after all other tests, over what they left behind: more than a thousand databases.
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
    assert.ok(names.length > 0, 'no database was left behind: these tests run after the others');
    const found: string[] = [];
    const search = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        found.push(...(await searchDatabase(databaseUrl(cluster, name))).map((place) => `${name} ${place}`));
      }
    };
    await Promise.all([search(), search(), search()]);
    assert.deepEqual(found, []);
  },
  HALF_AN_HOUR,
);
