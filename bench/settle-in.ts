import type pg from 'pg';
import { connectClients, type Load } from './load.ts';

/**
 * A database that was made a second ago has no statistics, and plans made for empty tables stay with a connection while the
 * tables fill. So what is to be measured runs for a moment first; then statistics are taken, and new connections opened.
 */
export async function settleIn(pool: pg.Pool, loads: Load[], seconds: number): Promise<void> {
  for (const load of loads) {
    await using clients = await connectClients(load);
    await clients.run(seconds);
  }
  await pool.query('vacuum analyze');
}
