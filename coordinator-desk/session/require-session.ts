import type { MiddlewareHandler } from 'hono';
import type { Api, ApiConnector } from '../api/connect.ts';
import { AccessRemovedError, OtherPersonError, SessionEndedError } from '../api/errors.ts';
import { loadMe, type Me } from '../api/me.ts';
import { SignInUnavailableError } from '../http/answers.ts';
import type { DeskContext, DeskEnv } from '../http/desk-context.ts';
import { readForm } from '../http/form.ts';
import type { Metrics } from '../http/metrics.ts';
import { createKeepFresh } from './keep-fresh.ts';
import type { Session, SessionCookie } from './session-cookie.ts';
import type { SignIn } from './sign-in.ts';

export interface SessionOptions {
  sessions: SessionCookie;
  signIn: SignIn;
  api: ApiConnector;
  metrics: Metrics;
}

/**
 * Lets nobody past without a session, and gives the handler schema `api` with the coordinator's own token. What may be read or done
 * with it is the database's to say.
 */
export function requireSession({ sessions, signIn, api, metrics }: SessionOptions): MiddlewareHandler<DeskEnv> {
  const keepFresh = createKeepFresh(signIn.refresh);

  async function fresh(held: Session): Promise<Session> {
    try {
      return await keepFresh(held);
    } catch (error) {
      if (error instanceof SessionEndedError) metrics.session({ event: 'ended' });
      if (error instanceof SessionEndedError) throw error;
      // The callback is out of order: for as long as the token is good, that is no reason to stop anybody.
      if (held.expiresAt > Date.now() / 1000) return held;
      throw new SignInUnavailableError('not refreshed', { cause: error });
    }
  }

  /** Who reads nothing is nobody's coordinator, or has a session that was ended elsewhere: the callback knows which. */
  async function whoIsIt(c: DeskContext, client: Api, session: Session): Promise<Me> {
    try {
      return await loadMe(client);
    } catch (error) {
      if (error instanceof AccessRemovedError) await sessions.write(c, await signIn.refresh(session));
      throw error;
    }
  }

  return async (c, next) => {
    const held = await sessions.read(c);
    if (held === undefined) throw new SessionEndedError();
    const session = await fresh(held).catch((error: unknown) => {
      if (error instanceof SessionEndedError) sessions.clear(c);
      throw error;
    });
    if (session !== held) {
      metrics.session({ event: 'refreshed' });
      await sessions.write(c, session);
    }
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
  };
}
