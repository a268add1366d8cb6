import { DatabaseBudget } from '../database/database-budget.ts';
import type { Doors } from '../doors.ts';
import type { AppContext } from '../http/request-context.ts';
import type { AccessTokenIssuer } from './access-token.ts';
import { bearerToken } from './bearer-token.ts';
import { type LinkPermits, linkTokenLifetime } from './link-permit.ts';

export interface LinkRouteOptions {
  doors: Doors;
  accessTokens: AccessTokenIssuer;
  permits: LinkPermits;
}

/**
 * `POST /link` with an access token of ours: a token with which the system browser, which has no session of ours, may
 * start `intent=link` (RFC 6750 for the errors).
 */
export function createLinkRoute({ doors, accessTokens, permits }: LinkRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const bearer = bearerToken(c);
    const session = bearer === undefined ? undefined : await accessTokens.verify(bearer);
    if (session === undefined) return refuse(c, bearer === undefined ? undefined : 'invalid_token');
    const { sessionId, organization } = session;
    try {
      const budget = new DatabaseBudget();
      if (!(await budget.spend((ms) => doors.sessionIsLive(sessionId, organization, ms)))) {
        return refuse(c, 'invalid_token');
      }
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
