import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { readParameters } from '../../runtime/http/parameters.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import type { AccessTokenIssuer } from './access-token.ts';
import { ownSecret } from './token-route.ts';

export interface RevokeRouteOptions {
  database: LoginDatabase;
  accessTokens: AccessTokenIssuer;
}

/** RFC 7009 section 2.2.1. */
type RevokeErrorCode = 'invalid_request' | 'temporarily_unavailable';

const form = z.object({ token: z.string().min(1), client_id: z.string().min(1).max(100).optional() });

/**
 * `POST /revoke` (RFC 7009): signing out. A refresh token, also one that was exchanged since, or an access token ends its session with all
 * its tokens. 200 whether or not there was anything to end: a token that is not good is what was asked for.
 */
export function createRevokeRoute({ database, accessTokens }: RevokeRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const contentType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (contentType !== 'application/x-www-form-urlencoded') return refuse(c, 'invalid_request', 415);
    const parameters = readParameters(new URLSearchParams(await c.req.text()));
    const { data: request } = form.safeParse(parameters.once);
    if (parameters.duplicated || request === undefined) return refuse(c, 'invalid_request', 400);
    const presented = await whatIs(request.token, accessTokens);
    try {
      if (presented !== undefined) await database.endSession(presented, request.client_id, new DatabaseBudget());
    } catch (err) {
      c.var.log.warn({ event: 'revocation_unavailable', err }, 'no session ended');
      c.header('retry-after', '2');
      return refuse(c, 'temporarily_unavailable', 503);
    }
    c.var.log.info({ event: 'token_revoked', known: presented !== undefined }, 'token revoked');
    return c.body(null, 200);
  };
}

async function whatIs(token: string, accessTokens: AccessTokenIssuer) {
  if (ownSecret.test(token)) return { refreshToken: token };
  const session = await accessTokens.verify(token);
  return session && { sessionId: session.sessionId };
}

function refuse(c: AppContext, error: RevokeErrorCode, status: ContentfulStatusCode): Response {
  return c.json({ error }, status);
}
