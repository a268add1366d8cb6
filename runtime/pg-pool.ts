import pg from 'pg';
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
 * A pool that waits for nothing for ever. `pool.query` gives a connection on which a statement failed or timed out back as
 * broken, so nobody else gets it. A password that is refused is not tried again at once (`createSignIn`). A commit that the synchronous standby has not confirmed fails too. Losing an idle connection is logged; the next query opens a new one.
 */
export function createPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max,
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
