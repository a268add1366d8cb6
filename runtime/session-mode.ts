import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { openConnection } from './single-connection.ts';

/** A notification comes within milliseconds; this is for a pooler far away and a server under load. */
const withinMs = 3_000;

/**
 * Whether this connection keeps its session. Behind a pooler in transaction mode each transaction may go to another connection of the server: what
 * SET, LISTEN and session locks ask for is then lost without an error, or meets somebody else.
 *
 * @param client connected by `connectionString`, and doing nothing else meanwhile
 * @throws what node-postgres throws
 */
export async function keepsSession(client: pg.Client, connectionString: string): Promise<boolean> {
  const channel = `session_mode_${randomUUID().replaceAll('-', '')}`;
  const arrived = Promise.withResolvers<boolean>();
  const hear = (notification: pg.Notification) => {
    if (notification.channel === channel) arrived.resolve(true);
  };
  const timer = setTimeout(() => arrived.resolve(false), withinMs);
  client.on('notification', hear);
  try {
    await client.query(`listen ${channel}`);
    // Not by the one that listens: the pooler could carry both statements to the same connection of the server, and bring the answer back.
    await using other = await openConnection(connectionString, 'session-mode');
    await other.query('select pg_notify($1, $2)', [channel, '']);
    timer.refresh();
    return await arrived.promise;
  } finally {
    clearTimeout(timer);
    client.off('notification', hear);
    await client.query(`unlisten ${channel}`);
  }
}
