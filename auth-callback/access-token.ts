import { importJWK, type JWK, SignJWT } from 'jose';
import type { Session } from './doors.ts';

/** How long an access token is good for (seconds). */
export const accessTokenLifetime = 3600;

export interface AccessTokenIssuer {
  /** @returns a signed JWT that Supabase and PostgREST accept as `authenticated` */
  issue(session: Session): Promise<string>;
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
  return {
    jwks: { keys: keys.map(toPublic) },
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

/** Names what is published, so that a private part can never slip through. */
function toPublic({ kty, crv, x, y, kid }: JWK): JWK {
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } as JWK;
}
