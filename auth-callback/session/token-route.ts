import { createHash, randomBytes } from 'node:crypto';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { Doors, Session } from '../doors.ts';
import type { AppContext } from '../http/request-context.ts';
import { type AccessTokenIssuer, accessTokenLifetime } from './access-token.ts';
import { readTokenRequest, type TokenErrorCode, type TokenRequest } from './token-request.ts';

export interface TokenRouteOptions {
  doors: Doors;
  accessTokens: AccessTokenIssuer;
}

/** `POST /token` (RFC 6749 section 4.1.3 and 6): a code, or a refresh token, for a session's tokens. */
export function createTokenRoute({ doors, accessTokens }: TokenRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const contentType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (contentType !== 'application/x-www-form-urlencoded') return refuse(c, 'invalid_request', 415);
    const request = readTokenRequest(new URLSearchParams(await c.req.text()));
    if ('error' in request) return refuse(c, request.error, 400);
    const refreshToken = randomBytes(32).toString('base64url');
    let session: Session | undefined;
    try {
      session = await useGrant(doors, request, hash(refreshToken));
    } catch (err) {
      // Not repeated: had the first call arrived, a second would look like theft and end the session.
      c.var.log.warn({ event: 'token_unavailable', grant_type: request.grant, err }, 'no token issued');
      c.header('retry-after', '2');
      return refuse(c, 'temporarily_unavailable', 503);
    }
    if (session === undefined) return refuse(c, 'invalid_grant', 400);
    const { sessionId, userId, organization } = session;
    c.var.log.info(
      { event: 'token_issued', grant_type: request.grant, session_id: sessionId, organization },
      'token issued',
    );
    return c.json({
      access_token: await accessTokens.issue(session),
      token_type: 'bearer',
      expires_in: accessTokenLifetime,
      refresh_token: refreshToken,
      user: { id: userId },
    });
  };
}

/** The database compares hashes only; it never sees a code or a token that is still good. */
function useGrant(doors: Doors, request: TokenRequest, newHash: Buffer): Promise<Session | undefined> {
  return new DatabaseBudget().spend((ms) => {
    if (request.grant === 'refresh_token') return doors.rotateRefreshToken(hash(request.refreshToken), newHash, ms);
    const challenge = hash(request.codeVerifier).toString('base64url');
    return doors.redeemCode(hash(request.code), challenge, newHash, ms);
  });
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function refuse(c: AppContext, error: TokenErrorCode, status: ContentfulStatusCode): Response {
  c.var.log.info({ event: 'token_refused', code: error }, 'token refused');
  return c.json({ error }, status);
}
