import { SessionEndedError } from '../api/errors.ts';
import { SignInUnavailableError } from '../http/answers.ts';
import type { DeskContext } from '../http/desk-context.ts';
import type { Metrics } from '../http/metrics.ts';
import { createKeepFresh } from './keep-fresh.ts';
import type { Session, SessionCookie } from './session-cookie.ts';
import type { SignIn } from './sign-in.ts';

interface OpenSessionOptions {
  sessions: SessionCookie;
  signIn: SignIn;
  metrics: Metrics;
}

/**
 * The session that a request brings, its token good for a while yet; the browser is given what has changed.
 *
 * @returns undefined where the request brings none
 * @throws {SessionEndedError} {SignInUnavailableError}
 */
export type OpenSession = (c: DeskContext) => Promise<Session | undefined>;

export function createOpenSession({ sessions, signIn, metrics }: OpenSessionOptions): OpenSession {
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

  return async (c) => {
    const held = await sessions.read(c);
    if (held === undefined) return undefined;
    const session = await fresh(held).catch((error: unknown) => {
      if (error instanceof SessionEndedError) sessions.clear(c);
      throw error;
    });
    if (session !== held) {
      metrics.session({ event: 'refreshed' });
      await sessions.write(c, session);
    }
    return session;
  };
}
