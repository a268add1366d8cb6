import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Session } from './session-cookie.ts';
import type { SignIn } from './sign-in.ts';

/** Seconds before its end at which an access token is exchanged. */
const ahead = 60;
/** Milliseconds for which requests that still bring the old refresh token are answered with what the first of them got. */
const remembered = 30_000;

/** Whether an access token is good for a while yet. */
export function isFresh({ expiresAt }: Session): boolean {
  return expiresAt - ahead > Date.now() / 1000;
}

/**
 * Exchanges an access token. Several tabs send the same old token at once: one of them asks, all of them go on with the answer.
 *
 * @returns a new session that the browser must be given
 * @throws {SessionEndedError}
 */
export function createExchange(refresh: SignIn['refresh']): (session: Session) => Promise<Session> {
  const underWay = new LRUCache<string, Promise<Session>>({ max: 10_000, ttl: remembered });
  return async (session) => {
    const key = createHash('sha256').update(session.refreshToken).digest('base64url');
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const asked = refresh(session);
    underWay.set(key, asked);
    asked.catch(() => underWay.delete(key));
    return asked;
  };
}
