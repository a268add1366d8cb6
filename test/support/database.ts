import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import type { LoginRole } from '../../local/login-roles.ts';
import { noteDatabase } from '../mutate/coverage.ts';
import { clusterUrl, rolePassword } from './cluster.ts';
import { KeptPools } from './kept-pools.ts';
import { noteSearched, searchRows, searchTables } from './leaks.ts';
import { emptyAgain, isUnchanged, lookAt, type Made, readRows } from './rinse.ts';
import { copyDatabase, databaseUrl, ensureTemplate, migratorUrl } from './template.ts';
import { until } from './until.ts';

export type TestDatabase = {
  name: string;
  /** Superuser. */
  ownerUrl: string;
  /** Whoever ran the migrations: the superuser too, but on hosted Supabase. */
  migratorUrl: string;
  /** The connection string of a login role. */
  urlFor(role: LoginRole): string;
  /** The superuser's connections. Does not keep the process alive. */
  pool: pg.Pool;
  /** A login role's connections. They belong to the database: a test does not end them, and leaves none checked out. */
  poolFor(role: LoginRole): pg.Pool;
  /**
   * Searches the database for numbers and empties it for another test. Where that cannot be done, because the test changed its
   * structure, it is dropped; what somebody is still connected to stays for the last tests.
   *
   * @throws where a number was found
   */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * A migrated database of its own for a test, with no row in it: `await using db = await createTestDatabase()`. It is a new one, or one
 * that an earlier test of this process is done with: a new one, and its first connections, take longer than most tests.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const cluster = clusterUrl();
  const { maintenance, template, free } = openCluster(cluster);
  const made = free.pop() ?? (await makeDatabase(cluster, maintenance, await template));
  const { name, pools } = made;
  noteDatabase(name, relative(process.cwd(), expect.getState().testPath ?? ''));
  return {
    name,
    ownerUrl: databaseUrl(cluster, name),
    migratorUrl: migratorUrl(cluster, name),
    urlFor: (role) => urlFor(cluster, name, role),
    pool: pools.owner,
    poolFor: (role) => pools.of(role, urlFor(cluster, name, role)),
    async [Symbol.asyncDispose]() {
      // `npm run mutate` counts calls in the databases when all is over.
      if (process.env.TEST_COVERAGE) return pools.end();
      const rows = (await isUnchanged(maintenance, made)) ? await readRows(made) : undefined;
      const found = rows === undefined ? await searchWith(pools.owner) : searchRows(rows);
      noteSearched(name);
      if (rows !== undefined && (await emptyAgain(made, rows))) free.push(made);
      else {
        await pools.end();
        await dropUnused(maintenance, name);
      }
      assert.deepEqual(found, [], 'numbers in the database of this test');
    },
  };
}

async function makeDatabase(cluster: string, maintenance: pg.Pool, template: string): Promise<Made> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await copyDatabase(maintenance, template, name);
  const pools = new KeptPools(databaseUrl(cluster, name));
  return { name, pools, asNew: await lookAt(pools.owner) };
}

function urlFor(cluster: string, name: string, role: LoginRole): string {
  const url = new URL(databaseUrl(cluster, name));
  url.username = role;
  url.password = rolePassword(cluster, role);
  return url.href;
}

type OpenCluster = { maintenance: pg.Pool; template: Promise<string>; free: Made[] };
const opened = new Map<string, OpenCluster>();

/** One connection and one look at the template for all databases of this process: a session takes longer to start than many tests. */
function openCluster(cluster: string): OpenCluster {
  const known = opened.get(cluster);
  if (known !== undefined) return known;
  const maintenance = new pg.Pool({ connectionString: cluster, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  maintenance.on('error', () => undefined); // a server that its test stops; the next statement tells
  const made = { maintenance, template: ensureTemplate(cluster), free: [] };
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
