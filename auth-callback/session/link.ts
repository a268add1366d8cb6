import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type AppContext, bearerToken } from '../../runtime/http/request-context.ts';
import { createSealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import { LoginError } from '../errors.ts';
import type { AccessTokenIssuer } from './access-token.ts';

/** A logged-in member's leave to link one more login, on its way from the app to the system browser. */
const linkPermit = z.object({
  /** UUID; used once. */
  id: z.string(),
  sessionId: z.string(),
  organization: z.string(),
  /** Seconds since 1970. */
  expiresAt: z.int(),
});

/** How long a link token is good for (seconds). */
const linkTokenLifetime = 120;

export interface LinkPermits {
  /** @returns a token for the address bar: sealed, short-lived, good once */
  issue(session: { sessionId: string; organization: string }): Promise<string>;
  /**
   * What `intent=link` stands on: the token in the address, or, for scripted clients, our access token in the header.
   *
   * @returns the session whose member asks
   * @throws {LoginError} `access_denied` without either; `temporarily_unavailable` when the database does not say
   */
  use(c: AppContext, organization: string, token: string | undefined, budget: DatabaseBudget): Promise<string>;
}

export function createLinkPermits(
  secrets: SealingSecret[],
  { database, accessTokens }: { database: LoginDatabase; accessTokens: AccessTokenIssuer },
): LinkPermits {
  const box = createSealedBox(secrets, 'link-token', linkPermit);

  async function redeem(token: string, organization: string, budget: DatabaseBudget): Promise<string> {
    const permit = await box.unseal(token).catch(() => undefined);
    const good = permit?.organization === organization && permit.expiresAt > Date.now() / 1000;
    if (!good) throw new LoginError('link_token_invalid', 'access_denied');
    const expiresAt = new Date(permit.expiresAt * 1000);
    if (!(await orUnavailable(database.consumeTransaction(permit.id, expiresAt, budget))))
      throw new LoginError('link_token_used', 'access_denied');
    return permit.sessionId;
  }

  async function sessionOf(c: AppContext, organization: string): Promise<string> {
    const bearer = bearerToken(c);
    const session = bearer === undefined ? undefined : await accessTokens.verify(bearer);
    if (session?.organization !== organization) throw new LoginError('link_not_permitted', 'access_denied');
    return session.sessionId;
  }

  return {
    issue({ sessionId, organization }) {
      const expiresAt = Math.floor(Date.now() / 1000) + linkTokenLifetime;
      return box.seal({ id: randomUUID(), sessionId, organization, expiresAt });
    },
    async use(c, organization, token, budget) {
      const sessionId =
        token === undefined ? await sessionOf(c, organization) : await redeem(token, organization, budget);
      const live = await orUnavailable(database.sessionIsLive(sessionId, organization, budget));
      if (!live) throw new LoginError('link_session_ended', 'access_denied');
      return sessionId;
    },
  };
}

async function orUnavailable(answer: Promise<boolean>): Promise<boolean> {
  try {
    return await answer;
  } catch (cause) {
    throw new LoginError('link_not_checked', 'temporarily_unavailable', { cause });
  }
}

export interface LinkRouteOptions {
  database: LoginDatabase;
  accessTokens: AccessTokenIssuer;
  permits: LinkPermits;
}

/**
 * `POST /link` with an access token of ours: a token with which the system browser, which has no session of ours, may
 * start `intent=link` (RFC 6750 for the errors).
 */
export function createLinkRoute({ database, accessTokens, permits }: LinkRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const bearer = bearerToken(c);
    const session = bearer === undefined ? undefined : await accessTokens.verify(bearer);
    if (session === undefined) return refuse(c, bearer === undefined ? undefined : 'invalid_token');
    const { sessionId, organization } = session;
    try {
      const live = await database.sessionIsLive(sessionId, organization, new DatabaseBudget());
      if (!live) return refuse(c, 'invalid_token');
    } catch (err) {
      c.var.log.warn({ event: 'link_unavailable', err }, 'no link token issued');
      c.header('retry-after', '2');
      return c.json({ error: 'temporarily_unavailable' }, 503);
    }
    c.var.log.info({ event: 'link_token_issued', session_id: sessionId, organization }, 'link token issued');
    return c.json({ link_token: await permits.issue(session), expires_in: linkTokenLifetime });
  };
}

function refuse(c: AppContext, error: 'invalid_token' | undefined): Response {
  c.header('www-authenticate', error === undefined ? 'Bearer' : `Bearer error="${error}"`);
  return c.json({ error: error ?? 'invalid_request' }, 401);
}
