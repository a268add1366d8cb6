import { SessionEndedError, SignInUnavailableError } from '../api/errors.ts';
import type { DeskContext } from '../http/desk-context.ts';
import type { Metrics } from '../http/metrics.ts';
import { createExchange, isFresh } from './exchange.ts';
import type { Session, SessionCookie } from './session-cookie.ts';
import type { SignIn } from './sign-in.ts';

interface BrowserSessionOptions {
  sessions: SessionCookie;
  signIn: SignIn;
  metrics: Metrics;
}

/** The session that a browser holds; the browser is given what has changed. */
export interface BrowserSession {
  /**
   * The session that a request brings, its token good for a while yet.
   *
   * @returns undefined where the request brings none
   * @throws {SessionEndedError} {SignInUnavailableError}
   */
  open(c: DeskContext): Promise<Session | undefined>;
  /**
   * Exchanges the token whether or not it is still good, which asks the callback whether the session is.
   *
   * @throws {SessionEndedError} {SignInUnavailableError}
   */
  renew(c: DeskContext, held: Session): Promise<Session>;
}

export function createBrowserSession({ sessions, signIn, metrics }: BrowserSessionOptions): BrowserSession {
  const exchange = createExchange(signIn.refresh);

  async function renew(c: DeskContext, held: Session): Promise<Session> {
    try {
      const session = await exchange(held);
      metrics.session({ event: 'refreshed' });
      await sessions.write(c, session);
      return session;
    } catch (error) {
      if (!(error instanceof SessionEndedError)) throw new SignInUnavailableError('not refreshed', { cause: error });
      metrics.session({ event: 'ended' });
      sessions.clear(c);
      throw error;
    }
  }

  async function open(c: DeskContext): Promise<Session | undefined> {
    const held = await sessions.read(c);
    if (held === undefined || isFresh(held)) return held;
    try {
      return await renew(c, held);
    } catch (error) {
      // The callback is out of order: for as long as the token is good, that is no reason to stop anybody.
      if (error instanceof SignInUnavailableError && held.expiresAt > Date.now() / 1000) return held;
      throw error;
    }
  }

  return { open, renew };
}
