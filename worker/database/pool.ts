import type { Client, Pool } from 'pg';
import type { Logger } from '../../runtime/logger.ts';
import { createPool } from '../../runtime/pg-pool.ts';
import { createSignIn, type SignIn } from '../../runtime/sign-in.ts';
import type { WorkerConfig } from '../config.ts';

/** SQLSTATE read_only_sql_transaction: this server is a standby, or has become one. */
const readOnly = '25006';

/** What node-postgres has beneath a client. */
interface Wire {
  on(event: 'errorMessage', listener: (message: { code?: string }) => void): void;
}

/**
 * The worker's connections. One that reports that its server is read-only is closed after the failed statement: after a
 * failover the name leads to another server, and only new connections get there.
 *
 * @param signIn the one of all pools of this process
 */
export function createWorkerPool(config: WorkerConfig, log: Logger, signIn: SignIn = createSignIn(log)): Pool {
  // One connection listens or beats; jobs hold theirs only while they talk to the database.
  const max = config.concurrency + 2;
  const pool = createPool({ connectionString: config.databaseUrl, max, applicationName: 'sync-worker', log, signIn });
  pool.on('connect', (client: Client & { connection?: Wire }) => {
    client.connection?.on('errorMessage', ({ code }) => {
      if (code === readOnly) void client.end().catch(() => undefined);
    });
  });
  return pool;
}
