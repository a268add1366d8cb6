import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { makeClockMovable } from '../../local/clock/movable-clock.ts';
import { withClient } from '../../local/stack/database.ts';
import { clusterUrl, rolePassword } from './cluster.ts';
import type { TestDatabase } from './database.ts';
import { KeptPools } from './kept-pools.ts';
import { noteSearched, searchTables } from './leaks.ts';
import { databaseUrl, ensureTemplate } from './template.ts';

/** A migrated database whose clock can be moved, as that of `npm start -- --clock`. It takes seconds to make: use it for several tests. */
export async function createClockDatabase(): Promise<TestDatabase> {
  const cluster = clusterUrl();
  await ensureTemplate(cluster); // which gives the roles of the cluster their passwords
  const name = `test_clock_${randomBytes(8).toString('hex')}`;
  await withClient(cluster, (client) => client.query(`create database ${name}`));
  const ownerUrl = databaseUrl(cluster, name);
  await withClient(ownerUrl, makeClockMovable);
  await migrate({ databaseUrl: ownerUrl });
  const urlFor: TestDatabase['urlFor'] = (role) => {
    const url = new URL(ownerUrl);
    url.username = role;
    url.password = rolePassword(cluster, role);
    return url.href;
  };
  const pools = new KeptPools(ownerUrl);
  return {
    name,
    ownerUrl,
    migratorUrl: ownerUrl,
    urlFor,
    pool: pools.owner,
    poolFor: (role) => pools.of(role, urlFor(role)),
    async [Symbol.asyncDispose]() {
      const found = await withPool(pools.owner, searchTables);
      noteSearched(name);
      await pools.end();
      await withClient(cluster, (client) => client.query(`drop database ${name} with (force)`));
      if (found.length > 0) throw new Error(`numbers in the database of this test: ${found.join(', ')}`);
    },
  };
}

async function withPool<T>(pool: pg.Pool, action: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await action(client);
  } finally {
    client.release();
  }
}
