import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

/** Waits until a query gives no row. Throws when that takes longer than a minute. @param what what is so as long as there is one */
export async function untilNone(client: pg.Client, query: string, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await client.query(query)).rows.length > 0) {
    if (Date.now() > deadline) throw new Error(`${what} after a minute`);
    await pause(100);
  }
}
