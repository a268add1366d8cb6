import { hkdfSync, randomBytes } from 'node:crypto';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { readParameters } from '../../runtime/http/parameters.ts';
import { type AppContext, bearerToken } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase, Session } from '../database/login-database.ts';
import { startBeat } from '../http/even-time.ts';
import { newSecret } from '../new-secret.ts';
import { type AccessTokenIssuer, accessTokenLifetime } from './access-token.ts';

export interface TokenRouteOptions {
  database: LoginDatabase;
  accessTokens: AccessTokenIssuer;
}

/** RFC 6749 section 5.2; and one of our own for a login that was not linked. */
type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'account_mismatch';

/**
 * `POST /token` (RFC 6749 section 4.1.3 and 6): a code, or a refresh token, for a session's tokens. The code of a login that is to be
 * linked comes with the access token of the session that asked; with any other code a bearer token means nothing.
 */
export function createTokenRoute({ database, accessTokens }: TokenRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const contentType = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
    if (contentType !== 'application/x-www-form-urlencoded') return refuse(c, 'invalid_request', 415);
    const request = readTokenRequest(new URLSearchParams(await c.req.text()));
    if (typeof request === 'string') return refuse(c, request, 400);
    let granted: Granted | 'refused' | undefined;
    const beat = startBeat();
    try {
      granted =
        request.grant_type === 'refresh_token'
          ? await useRefreshToken(database, request)
          : await useCode(database, request, await askingSession(c, accessTokens));
    } catch (err) {
      c.var.log.warn({ event: 'token_unavailable', grant_type: request.grant_type, err }, 'no token issued');
      c.header('retry-after', '2');
      return refuse(c, 'temporarily_unavailable', 503);
    }
    if (granted === undefined) return refuse(c, 'invalid_grant', 400);
    if (granted === 'refused') {
      // Whether the login is another member's, or nobody's, must not show: neither in the answer nor in how long it took.
      await beat.next();
      return refuse(c, 'account_mismatch', 400);
    }
    const { session, refreshToken } = granted;
    const { sessionId, userId, organization } = session;
    c.var.log.info(
      { event: 'token_issued', grant_type: request.grant_type, session_id: sessionId, organization },
      'token issued',
    );
    return c.json({
      access_token: await accessTokens.issue(session),
      token_type: 'bearer',
      expires_in: accessTokenLifetime[session.audience],
      refresh_token: refreshToken,
      ...(await openidParts(accessTokens, request, session)),
      user: { id: userId },
    });
  };
}

/** For apps that asked for the scope `openid`: what was granted, and, with a code, an ID token (OpenID Connect Core 1.0 section 3.1.3.3). */
async function openidParts(accessTokens: AccessTokenIssuer, request: z.infer<typeof grants>, session: Session) {
  if (session.scope.length === 0 || request.client_id === undefined) return {};
  const scope = session.scope.join(' ');
  if (request.grant_type === 'refresh_token') return { scope };
  return { scope, id_token: await accessTokens.issueIdToken(session, request.client_id) };
}

/** Apps that came by `/authorize` say who they are, and where the code was sent (RFC 6749 section 4.1.3 and 6). */
const clientId = z.string().min(1).max(100).optional();

const codeGrant = z.object({
  grant_type: z.literal('authorization_code'),
  code: z.string().min(1),
  code_verifier: z.string().min(1),
  client_id: clientId,
  redirect_uri: z.string().min(1).optional(),
});
const refreshGrant = z.object({
  grant_type: z.literal('refresh_token'),
  refresh_token: z.string().min(1),
  client_id: clientId,
});
const grants = z.discriminatedUnion('grant_type', [codeGrant, refreshGrant]);

/** RFC 7636 section 4.1. */
const codeVerifier = /^[A-Za-z0-9._~-]{43,128}$/;
/** Our codes and refresh tokens are the base64url of 32 bytes. */
export const ownSecret = /^[A-Za-z0-9_-]{43}$/;

/** @param body the form, decoded */
function readTokenRequest(body: URLSearchParams): z.infer<typeof grants> | TokenErrorCode {
  const parameters = readParameters(body);
  const grant = parameters.once.grant_type;
  if (parameters.duplicated || grant === undefined) return 'invalid_request';
  if (grant !== 'authorization_code' && grant !== 'refresh_token') return 'unsupported_grant_type';
  const { data: request } = grants.safeParse(parameters.once);
  if (request === undefined) return 'invalid_request';
  // What we never issued, or nobody may use, is as good as unknown.
  const known =
    request.grant_type === 'refresh_token'
      ? ownSecret.test(request.refresh_token)
      : codeVerifier.test(request.code_verifier) && ownSecret.test(request.code);
  return known ? request : 'invalid_grant';
}

/** A session, and the refresh token that is its current one now. */
interface Granted {
  session: Session;
  refreshToken: string;
}

async function useCode(
  database: LoginDatabase,
  request: z.infer<typeof codeGrant>,
  askingSessionId: string | undefined,
): Promise<Granted | 'refused' | undefined> {
  const refreshToken = newSecret();
  const { code, code_verifier: codeVerifier, client_id, redirect_uri: redirectUri } = request;
  const given = { code, codeVerifier, refreshToken, askingSessionId, clientId: client_id, redirectUri };
  const session = await database.redeemCode(given, new DatabaseBudget());
  return session === undefined || session === 'refused' ? session : { session, refreshToken };
}

/** Made of the token before it, so that this one, presented again because an answer was lost, leads to the same next one. */
async function useRefreshToken(
  database: LoginDatabase,
  { refresh_token: presented, client_id }: z.infer<typeof refreshGrant>,
): Promise<Granted | undefined> {
  const salt = randomBytes(32);
  const next = { salt, refreshToken: successor(presented, salt) };
  const given = { refreshToken: presented, clientId: client_id };
  const session = await database.rotateRefreshToken(given, next, new DatabaseBudget());
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

function refuse(c: AppContext, error: TokenErrorCode, status: ContentfulStatusCode): Response {
  c.var.log.info({ event: 'token_refused', code: error }, 'token refused');
  return c.json({ error }, status);
}
