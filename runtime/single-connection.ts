import pg from 'pg';
import { refuseUnconfirmedCommits } from './unconfirmed-commit.ts';

/**
 * The one connection of a command, for as long as it runs.
 *
 * @param applicationName shown in `pg_stat_activity`
 * @throws what node-postgres throws when it cannot connect
 */
export async function openConnection(
  connectionString: string,
  applicationName: string,
): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString, application_name: applicationName, keepAlive: true });
  // A lost connection is told by the query that needed it.
  client.on('error', () => undefined);
  refuseUnconfirmedCommits(client);
  try {
    await client.connect();
  } catch (error) {
    await client.end();
    throw error;
  }
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
