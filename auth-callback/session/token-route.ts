import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { DatabaseBudget } from '../database/database-budget.ts';
import { repeatOnce } from '../database/repeat-once.ts';
import type { Doors, Session } from '../doors.ts';
import { evenTime } from '../http/even-time.ts';
import type { AppContext } from '../http/request-context.ts';
import { type AccessTokenIssuer, accessTokenLifetime } from './access-token.ts';
import { bearerToken } from './bearer-token.ts';
import { readTokenRequest, type TokenErrorCode, type TokenRequest } from './token-request.ts';

export interface TokenRouteOptions {
  doors: Doors;
  accessTokens: AccessTokenIssuer;
}

/**
 * `POST /token` (RFC 6749 section 4.1.3 and 6): a code, or a refresh token, for a session's tokens. The code of a login that is to be
 * linked comes with the access token of the session that asked; with any other code a bearer token means nothing.
 */
export function createTokenRoute({ doors, accessTokens }: TokenRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const contentType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (contentType !== 'application/x-www-form-urlencoded') return refuse(c, 'invalid_request', 415);
    const request = readTokenRequest(new URLSearchParams(await c.req.text()));
    if ('error' in request) return refuse(c, request.error, 400);
    let granted: Granted | 'refused' | undefined;
    const even = evenTime();
    try {
      granted = await useGrant(doors, request, await askingSession(c, accessTokens));
    } catch (err) {
      c.var.log.warn({ event: 'token_unavailable', grant_type: request.grant, err }, 'no token issued');
      c.header('retry-after', '2');
      return refuse(c, 'temporarily_unavailable', 503);
    }
    if (granted === undefined) return refuse(c, 'invalid_grant', 400);
    if (granted === 'refused') {
      // Whether the login is another member's, or nobody's, must not show: neither in the answer nor in how long it took.
      await even.comes();
      return refuse(c, 'account_mismatch', 400);
    }
    const { session, refreshToken } = granted;
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

/** A session, and the refresh token that is its current one now. */
interface Granted {
  session: Session;
  refreshToken: string;
}

/** The database compares hashes only; it never sees a code or a token that is still good. */
function useGrant(
  doors: Doors,
  request: TokenRequest,
  askingSessionId: string | undefined,
): Promise<Granted | 'refused' | undefined> {
  const budget = new DatabaseBudget();
  return request.grant === 'refresh_token'
    ? useRefreshToken(doors, request.refreshToken, budget)
    : useCode(doors, request, askingSessionId, budget);
}

async function useCode(
  doors: Doors,
  { code, codeVerifier }: { code: string; codeVerifier: string },
  askingSessionId: string | undefined,
  budget: DatabaseBudget,
): Promise<Granted | 'refused' | undefined> {
  const refreshToken = randomBytes(32).toString('base64url');
  const challenge = hash(codeVerifier).toString('base64url');
  // The database knows the same call again by the new token, which nobody has seen yet.
  const session = await repeatOnce(() =>
    budget.spend((ms) => doors.redeemCode(hash(code), challenge, hash(refreshToken), askingSessionId, ms)),
  );
  return session === undefined || session === 'refused' ? session : { session, refreshToken };
}

/** Made of the token before it, so that this one, presented again because an answer was lost, leads to the same next one. */
async function useRefreshToken(doors: Doors, presented: string, budget: DatabaseBudget): Promise<Granted | undefined> {
  const salt = randomBytes(32);
  const next = { salt, hash: hash(successor(presented, salt)) };
  const session = await repeatOnce(() => budget.spend((ms) => doors.rotateRefreshToken(hash(presented), next, ms)));
  return session && { session, refreshToken: successor(presented, session.salt) };
}

/** The database keeps the salt and not the token, the app the token and not the salt: neither makes the next one alone. */
function successor(token: string, salt: Buffer): string {
  return Buffer.from(hkdfSync('sha256', token, salt, 'refresh token', 32)).toString('base64url');
}

async function askingSession(c: AppContext, accessTokens: AccessTokenIssuer): Promise<string | undefined> {
  const bearer = bearerToken(c);
  return bearer === undefined ? undefined : (await accessTokens.verify(bearer))?.sessionId;
}

function hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function refuse(c: AppContext, error: TokenErrorCode, status: ContentfulStatusCode): Response {
  c.var.log.info({ event: 'token_refused', code: error }, 'token refused');
  return c.json({ error }, status);
}
