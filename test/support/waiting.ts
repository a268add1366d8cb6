import pg from 'pg';
import type { TestDatabase } from './database.ts';

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
