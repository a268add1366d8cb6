import type { MiddlewareHandler } from 'hono';
import type { Api, ApiConnector } from '../api/connect.ts';
import { AccessRemovedError, OtherPersonError, SessionEndedError } from '../api/errors.ts';
import { createMeLoader, type Me } from '../api/me.ts';
import type { DeskContext, DeskEnv } from '../http/desk-context.ts';
import { readForm } from '../http/form.ts';
import type { BrowserSession } from './browser-session.ts';
import type { Session } from './session-cookie.ts';

interface RequireSessionOptions {
  browserSession: BrowserSession;
  api: ApiConnector;
}

/**
 * Lets nobody past without a session, and gives the handler schema `api` with the coordinator's own token. What may be read or done
 * with it is the database's to say.
 */
export function requireSession(options: RequireSessionOptions): MiddlewareHandler<DeskEnv> {
  const { browserSession, api } = options;
  const loader = createMeLoader();

  /** Who reads nothing is nobody's coordinator, or has a session that was ended elsewhere: the callback knows which. */
  async function whoIsIt(c: DeskContext, client: Api, session: Session): Promise<Me> {
    try {
      return await loader.load(client, session.userId, c.req.path === '/' ? 'now' : 'lately');
    } catch (error) {
      if (error instanceof AccessRemovedError) await browserSession.renew(c, session);
      throw error;
    }
  }

  return async (c, next) => {
    const session = await browserSession.open(c);
    if (session === undefined) throw new SessionEndedError();
    if (c.req.method === 'POST' && (await readForm(c)).text('_who') !== session.userId) throw new OtherPersonError();
    const client = api.connect(session.accessToken);
    const me = whoIsIt(c, client, session);
    // Whoever needs it awaits it; a handler that fails before must not leave it unheard.
    me.catch(() => undefined);
    c.set('api', client);
    c.set('me', me);
    // A form does nothing for somebody who is no coordinator any more, and what was typed is kept.
    if (c.req.method === 'POST') await me;
    await next();
    if (c.req.method === 'POST') loader.forgetCounts(session.userId);
  };
}
