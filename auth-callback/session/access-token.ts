import { createPrivateKey, createPublicKey, type JsonWebKey, sign as signBytes, verify } from 'node:crypto';
import { createLocalJWKSet, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Session } from '../database/login-database.ts';

/**
 * How long an access token is good for (seconds). A coordinator sees many members' records.
 */
export const accessTokenLifetime = { members: 3600, coordinators: 900 };
/** Long enough for the app to read it once. */
const idTokenLifetime = 300;

export interface AccessTokenIssuer {
  /** @returns a signed JWT that Supabase and PostgREST accept as `authenticated` */
  issue(session: Session): Promise<string>;
  /** @returns an ID token for the app (OpenID Connect Core 1.0 section 2); it opens nothing here */
  issueIdToken(session: Session, clientId: string): Promise<string>;
  /** @returns whose session an access token of ours is for; undefined when it does not verify, or has expired */
  verify(token: string): Promise<{ sessionId: string; organization: string } | undefined>;
  /** What `/.well-known/jwks.json` answers (RFC 7517): public parts only. */
  readonly jwks: { keys: JWK[] };
}

interface AccessTokenOptions {
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

  function sign(claims: JWTPayload, to: { subject: string; audience: string; lifetime: number }): Promise<string> {
    const issuedAt = Math.floor(now() / 1000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid })
      .setIssuer(issuer)
      .setAudience(to.audience)
      .setSubject(to.subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + to.lifetime)
      .sign(signingKey);
  }

  return {
    jwks,
    async verify(token) {
      const expected = { issuer, audience, algorithms: ['ES256'], currentDate: new Date(now()) };
      const verified = await jwtVerify(token, keySet, { ...expected, requiredClaims: ['exp'] }).catch(() => undefined);
      const { data: claims } = ownClaims.safeParse(verified?.payload);
      return claims && { sessionId: claims.session_id, organization: claims.app_metadata.organization };
    },
    issue({ userId, sessionId, organization, organizationId, audience: whose }) {
      const claims = {
        role: 'authenticated',
        aal: 'aal1',
        session_id: sessionId,
        // Policies read app_metadata, which a user cannot edit; user_metadata would be the user's own word.
        app_metadata: { organization, organization_id: organizationId, audience: whose },
        is_anonymous: false,
      };
      return sign(claims, { subject: userId, audience, lifetime: accessTokenLifetime[whose] });
    },
    issueIdToken({ userId, nonce }, clientId) {
      const claims = nonce === null ? {} : { nonce };
      return sign(claims, { subject: userId, audience: clientId, lifetime: idTokenLifetime });
    },
  };
}

/** What we read of an access token of ours. */
const ownClaims = z.object({ session_id: z.guid(), app_metadata: z.object({ organization: z.string() }) });

/** Names what is published, so that a private part can never slip through. */
function toPublic({ kty, crv, x, y, kid }: JWK): JWK {
  return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' } as JWK;
}

const record = z.record(z.string(), z.unknown());

/** Faults are short sentences naming positions, never values; where there are any, `keys` is empty. */
type ParsedSigningKeys = { keys: JWK[]; faults: string[] };

/**
 * The keys that sign access tokens, from the text of an environment variable: a private JWKS (RFC 7517) of P-256 keys for
 * ES256, each with its own `kid`. The first one signs; all are published.
 */
export function parseSigningKeys(text: string): ParsedSigningKeys {
  const found = readKeySet(text);
  if (found === undefined) return { keys: [], faults: ['is not JSON of the form {"keys":[...]}'] };
  if (found.length === 0) return { keys: [], faults: ['holds no key'] };
  const faults = found.flatMap((key, at) => judge(key).map((fault) => `key ${at + 1}: ${fault}`));
  const kids = found.map((key) => record.safeParse(key).data?.kid);
  kids.forEach((kid, at) => {
    if (kid !== undefined && kids.indexOf(kid) < at) faults.push(`key ${at + 1}: kid used before`);
  });
  return { keys: faults.length === 0 ? (found as JWK[]) : [], faults };
}

function readKeySet(text: string): unknown[] | undefined {
  try {
    return z.object({ keys: z.array(z.unknown()) }).safeParse(JSON.parse(text)).data?.keys;
  } catch {
    // What JSON.parse says quotes the text, which may hold a private key.
    return undefined;
  }
}

function judge(found: unknown): string[] {
  const key = record.safeParse(found).data;
  if (key === undefined) return ['is not an object'];
  const faults: string[] = [];
  if (typeof key.kid !== 'string' || key.kid === '') faults.push('kid is missing');
  if (key.kty !== 'EC' || key.crv !== 'P-256') faults.push('kty must be EC and crv P-256');
  if (key.alg !== undefined && key.alg !== 'ES256') faults.push('alg must be ES256');
  if (key.use !== undefined && key.use !== 'sig') faults.push('use must be sig');
  if (typeof key.d !== 'string') faults.push('has no private part');
  else if (faults.length === 0 && !signs(key as JsonWebKey)) faults.push('cannot be used to sign');
  return faults;
}

/** Tries the key out: the private part must belong to the public part that is published. */
function signs(key: JsonWebKey): boolean {
  try {
    const { d: _, ...publicPart } = key;
    const text = Buffer.from('access token');
    const signature = signBytes('sha256', text, createPrivateKey({ key, format: 'jwk' }));
    return verify('sha256', text, createPublicKey({ key: publicPart, format: 'jwk' }), signature);
  } catch {
    // The reason may quote the key; that it cannot be used says enough.
    return false;
  }
}
