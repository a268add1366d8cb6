import type { MiddlewareHandler } from 'hono';
import type { ApiConnector } from '../api/connect.ts';
import { OtherPersonError, SessionEndedError } from '../api/errors.ts';
import { loadMe } from '../api/me.ts';
import type { DeskEnv } from '../http/desk-context.ts';
import { readForm } from '../http/form.ts';
import type { OpenSession } from './open-session.ts';

interface RequireSessionOptions {
  openSession: OpenSession;
  api: ApiConnector;
}

/**
 * Lets nobody past without a session, and gives the handler schema `api` with the coordinator's own token. What may be read or done
 * with it is the database's to say.
 */
export function requireSession({ openSession, api }: RequireSessionOptions): MiddlewareHandler<DeskEnv> {
  return async (c, next) => {
    const session = await openSession(c);
    if (session === undefined) throw new SessionEndedError();
    if (c.req.method === 'POST' && (await readForm(c)).text('_who') !== session.userId) throw new OtherPersonError();
    const client = api.connect(session.accessToken);
    const me = loadMe(client);
    // Whoever needs it awaits it; a handler that fails before must not leave it unheard.
    me.catch(() => undefined);
    c.set('api', client);
    c.set('me', me);
    // A form does nothing for somebody who is no coordinator any more, and what was typed is kept.
    if (c.req.method === 'POST') await me;
    await next();
  };
}
