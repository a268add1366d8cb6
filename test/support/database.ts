import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import type { LoginRole } from '../../local/login-roles.ts';
import { noteDatabase } from '../mutate/coverage.ts';
import { clusterUrl, rolePassword } from './cluster.ts';
import { noteSearched, searchTables } from './leaks.ts';
import { copyDatabase, databaseUrl, ensureTemplate } from './template.ts';
import { until } from './until.ts';

export type TestDatabase = {
  name: string;
  /** Superuser, who also ran the migrations. */
  ownerUrl: string;
  /** The connection string of a login role. */
  urlFor(role: LoginRole): string;
  /** The superuser's connections. Does not keep the process alive. */
  pool: pg.Pool;
  /**
   * Ends the pool, searches the database for numbers and drops it. What somebody is still connected to stays for the last tests.
   *
   * @throws where a number was found
   */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * A fresh, migrated database of its own for a test: `await using db = await createTestDatabase()`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const cluster = clusterUrl();
  const name = `test_${randomBytes(8).toString('hex')}`;
  const { maintenance, template } = openCluster(cluster);
  await copyDatabase(maintenance, await template, name);
  noteDatabase(name, relative(process.cwd(), expect.getState().testPath ?? ''));
  const ownerUrl = databaseUrl(cluster, name);
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 5, allowExitOnIdle: true });
  return {
    name,
    ownerUrl,
    urlFor(role) {
      const url = new URL(ownerUrl);
      url.username = role;
      url.password = rolePassword(cluster, role);
      return url.href;
    },
    pool,
    async [Symbol.asyncDispose]() {
      // `npm run mutate` counts calls in the databases when all is over.
      if (process.env.TEST_COVERAGE) return pool.end();
      const found = await searchWith(pool);
      await pool.end();
      noteSearched(name);
      await dropUnused(maintenance, name);
      assert.deepEqual(found, [], 'numbers in the database of this test');
    },
  };
}

type OpenCluster = { maintenance: pg.Pool; template: Promise<string> };
const opened = new Map<string, OpenCluster>();

/** One connection and one look at the template for all databases of this process: a session takes longer to start than many tests. */
function openCluster(cluster: string): OpenCluster {
  const known = opened.get(cluster);
  if (known !== undefined) return known;
  const maintenance = new pg.Pool({ connectionString: cluster, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  maintenance.on('error', () => undefined); // a server that its test stops; the next statement tells
  const made = { maintenance, template: ensureTemplate(cluster) };
  opened.set(cluster, made);
  return made;
}

async function searchWith(pool: pg.Pool): Promise<string[]> {
  const client = await pool.connect();
  try {
    return await searchTables(client);
  } finally {
    client.release();
  }
}

/** Sessions end a moment after they were told to. */
async function dropUnused(maintenance: pg.Pool, name: string): Promise<void> {
  const unused = async () =>
    (await maintenance.query('select from pg_stat_activity where datname = $1', [name])).rowCount === 0;
  const free = await until('nobody connected', unused, 1_000, 10).catch(() => false);
  if (free) await maintenance.query(`drop database ${name}`);
}
