import { keepsSession } from '../../runtime/session-mode.ts';
import type { Way } from '../reach.ts';
import { fault, fine, note, type Remark } from '../remark.ts';

/** Who has to keep a session: LISTEN of the worker, locks and owners of migrations. */
const needsSession = ['DATABASE_URL', 'SYNC_WORKER_DATABASE_URL'];

/** Whether a notification comes back: it does not behind a pooler in transaction mode. */
export async function checkSession(way: Way): Promise<Remark> {
  const { variable, url, client } = way;
  if (client === undefined) return note(`${variable} was not tried: there is no connection.`);
  if (await keepsSession(client, url))
    return fine(`A notification comes back through ${variable}, and statements may stay prepared.`);
  if (needsSession.includes(variable)) {
    return fault(
      `No notification comes back through ${variable}: it is a pooler in transaction mode. Use the direct connection, or the pooler in session mode (port 5432).`,
    );
  }
  return note(`${variable} is a pooler in transaction mode: it works, without statements that stay prepared.`);
}
