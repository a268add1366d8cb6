import pg from 'pg';
import type { TestDatabase } from './database.ts';
import { until } from './until.ts';

/** A connection of the superuser's with an open transaction, for what happens at the same moment. */
export async function begin(db: TestDatabase) {
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  await client.query('begin');
  return {
    query: (sql: string, parameters: unknown[] = []) => client.query(sql, parameters),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** Until a statement in this database waits for somebody's lock. */
export async function untilSomebodyWaits(db: TestDatabase): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await until('a statement that waits for a lock', async () => (await db.pool.query(waiting)).rowCount === 1);
}
