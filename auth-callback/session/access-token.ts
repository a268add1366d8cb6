import { createLocalJWKSet, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import type { Session } from '../doors.ts';

/** How long an access token is good for (seconds). */
export const accessTokenLifetime = 3600;

export interface AccessTokenIssuer {
  /** @returns a signed JWT that Supabase and PostgREST accept as `authenticated` */
  issue(session: Session): Promise<string>;
  /** @returns whose session an access token of ours is for; undefined when it does not verify, or has expired */
  verify(token: string): Promise<{ sessionId: string; organization: string } | undefined>;
  /** What `/.well-known/jwks.json` answers (RFC 7517): public parts only. */
  readonly jwks: { keys: JWK[] };
}

export interface AccessTokenOptions {
  /** Private P-256 keys with `kid`, judged before; the first one signs. */
  keys: JWK[];
  /** Our PUBLIC_URL. */
  issuer: string;
  audience: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Access tokens in the shape of Supabase Auth's, signed with ES256. */
export async function createAccessTokenIssuer(options: AccessTokenOptions): Promise<AccessTokenIssuer> {
  const { keys, issuer, audience, now = Date.now } = options;
  const [current] = keys;
  if (current?.kid === undefined) throw new TypeError('no signing key');
  const { kid } = current;
  const signingKey = await importJWK(current, 'ES256');
  const jwks = { keys: keys.map(toPublic) };
  const keySet = createLocalJWKSet(jwks);
  return {
    jwks,
    async verify(token) {
      const expected = { issuer, audience, algorithms: ['ES256'], currentDate: new Date(now()) };
      const verified = await jwtVerify(token, keySet, { ...expected, requiredClaims: ['exp'] }).catch(() => undefined);
      const { session_id: sessionId, app_metadata: metadata } = verified?.payload ?? {};
      const organization = (metadata as { organization?: unknown } | undefined)?.organization;
      if (typeof sessionId !== 'string' || !isUuid(sessionId) || typeof organization !== 'string') return undefined;
      return { sessionId, organization };
    },
    issue({ userId, sessionId, organization, organizationId }) {
      const issuedAt = Math.floor(now() / 1000);
      return new SignJWT({
        role: 'authenticated',
        aal: 'aal1',
        session_id: sessionId,
        // Policies read app_metadata, which a user cannot edit; user_metadata would be the user's own word.
        app_metadata: { organization, organization_id: organizationId },
        is_anonymous: false,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTokenLifetime)
        .sign(signingKey);
    },
  };
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** Names what is published, so that a private part can never slip through. */
function toPublic({ kty, crv, x, y, kid }: JWK): JWK {
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } as JWK;
}
