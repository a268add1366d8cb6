import type pg from 'pg';
import { FirstFreePool } from './first-free-pool.ts';
import type { Logger } from './logger.ts';
import { clientsThat, createSignIn, type SignIn } from './sign-in.ts';
import { refuseUnconfirmedCommits } from './unconfirmed-commit.ts';

type PoolOptions = {
  connectionString: string;
  /** Most connections at once; the sum over all programs stays below the server's `max_connections`. */
  max: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  log: Logger;
  /** Shared by all pools of a program that have the same user; by default this pool has its own. */
  signIn?: SignIn;
  /** For getting a connection, waiting for a free one included; default 2000. */
  connectionTimeoutMs?: number;
  /** For one statement, as seen from here; default 5000. The server's own limits belong to the role. */
  queryTimeoutMs?: number;
};

/**
 * A pool that waits for nothing for ever, and keeps one connection when there is nothing to do. `pool.query` gives a connection on which a statement failed or timed out back as
 * broken, so nobody else gets it. A password that is refused is not tried again at once (`createSignIn`). A commit that the synchronous standby has not confirmed fails too. Losing an idle connection is logged; the next query opens a new one.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new FirstFreePool({
    connectionString: options.connectionString,
    max: options.max,
    // The next login may come in an hour: it need not wait until a session has begun and has compiled the functions that it calls.
    min: 1,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectionTimeoutMs ?? 2_000,
    query_timeout: options.queryTimeoutMs ?? 5_000,
    keepAlive: true,
    Client: clientsThat(options.signIn ?? createSignIn(options.log)),
  });
  // Without a listener a lost idle connection would end the process.
  pool.on('error', (err) => options.log.warn({ err }, 'idle database connection lost'));
  pool.on('connect', refuseUnconfirmedCommits);
  return pool;
}
