import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { createLocalJWKSet, type JWK, jwtVerify } from 'jose';
import type { Session } from '../doors.ts';

/** How long an access token is good for (seconds). */
export const accessTokenLifetime = 3600;

export interface AccessTokenIssuer {
  /** @returns a signed JWT that Supabase and PostgREST accept as `authenticated` */
  issue(session: Session): string;
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
export function createAccessTokenIssuer(options: AccessTokenOptions): AccessTokenIssuer {
  const { keys, issuer, audience, now = Date.now } = options;
  const [current] = keys;
  if (current?.kid === undefined) throw new TypeError('no signing key');
  const { kid } = current;
  const signingKey = createPrivateKey({ key: current as JsonWebKey, format: 'jwk' });
  const header = encode({ alg: 'ES256', typ: 'JWT', kid });
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
      const claims = encode({
        ...{ iss: issuer, aud: audience, sub: userId, iat: issuedAt, exp: issuedAt + accessTokenLifetime },
        role: 'authenticated',
        aal: 'aal1',
        session_id: sessionId,
        // Policies read app_metadata, which a user cannot edit; user_metadata would be the user's own word.
        app_metadata: { organization, organization_id: organizationId },
        is_anonymous: false,
      });
      // RFC 7515 section 5.1 and RFC 7518 section 3.4, by Node's synchronous primitive: jose's goes through WebCrypto and
      // its thread pool, at four times the CPU.
      const content = `${header}.${claims}`;
      const signature = sign('sha256', Buffer.from(content), { key: signingKey, dsaEncoding: 'ieee-p1363' });
      return `${content}.${signature.toString('base64url')}`;
    },
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** Names what is published, so that a private part can never slip through. */
function toPublic({ kty, crv, x, y, kid }: JWK): JWK {
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } as JWK;
}
