import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { JWK } from 'jose';

/** A JSON Web Key (RFC 7517) for ECDH-ES: `OKP` with `X25519`, or `EC` with `P-256` (RFC 8037, RFC 7518). */
export type Jwk = JWK;

/** One version of a secret, e.g. `v1` with 32 random bytes. */
export type IndexSecret = { version: string; secret: Uint8Array };

/** Faults are short sentences naming positions ("key 2: ..."), never values; where there are any, `keys` is empty. */
export type ParsedKeys = { keys: Jwk[]; faults: string[] };

/** As `ParsedKeys`. */
export type ParsedSecrets = { secrets: IndexSecret[]; faults: string[] };

/**
 * Public keys that seal, from the text of an environment variable: `{"keys":[...]}`, the first one seals.
 * A private key among them is a fault: the process that seals must not be able to read.
 */
export function parsePublicKeys(text: string): ParsedKeys {
  return parseKeys(text, 'public');
}

/** Private keys that unseal, from the text of an environment variable: `{"keys":[...]}`. */
export function parsePrivateKeys(text: string): ParsedKeys {
  return parseKeys(text, 'private');
}

/**
 * Versioned secrets, from the text of an environment variable: `v2:base64url,v1:base64url`, the current one first; each
 * at least 32 bytes, of its own version, and not obviously weak.
 */
export function parseSecrets(text: string): ParsedSecrets {
  const judged = text.split(',').map((part) => judgeSecret(part.trim()));
  const faults = judged.flatMap(({ faults }, at) => faults.map((fault) => `secret ${at + 1}: ${fault}`));
  const secrets = judged.flatMap(({ secret }) => secret ?? []);
  faults.push(...repeated(secrets.map(({ version }) => version)).map((at) => `secret ${at + 1}: version used before`));
  const values = secrets.map(({ secret }) => Buffer.from(secret).toString('hex'));
  faults.push(...repeated(values).map((at) => `secret ${at + 1}: same bytes as an earlier version`));
  return { secrets: faults.length === 0 ? secrets : [], faults };
}

function parseKeys(text: string, part: 'public' | 'private'): ParsedKeys {
  const found = readKeySet(text);
  if (found === undefined) return { keys: [], faults: ['is not JSON of the form {"keys":[...]}'] };
  if (found.length === 0) return { keys: [], faults: ['holds no key'] };
  const faults = found.flatMap((key, at) => judgeKey(key, part).map((fault) => `key ${at + 1}: ${fault}`));
  faults.push(...repeated(found.map(keyId)).map((at) => `key ${at + 1}: kid used before`));
  return { keys: faults.length === 0 ? (found as Jwk[]) : [], faults };
}

function readKeySet(text: string): unknown[] | undefined {
  try {
    const set: unknown = JSON.parse(text);
    const keys = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    // What JSON.parse says quotes the text, which may hold a private key.
    return undefined;
  }
}

function keyId(key: unknown): unknown {
  return typeof key === 'object' && key !== null && 'kid' in key ? key.kid : undefined;
}

/** Positions whose value stands earlier in the list too; undefined is no value. */
function repeated(values: unknown[]): number[] {
  return values.flatMap((value, at) => (value !== undefined && values.indexOf(value) < at ? [at] : []));
}

const curves: Record<string, string> = { X25519: 'OKP', 'P-256': 'EC' };

/**
 * @param key one member of a key set, as parsed
 * @param part which half the process is to hold
 * @returns what is wrong with it, without any value
 */
function judgeKey(key: unknown, part: 'public' | 'private'): string[] {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return ['is not an object'];
  const jwk = key as Record<string, unknown>;
  const faults: string[] = [];
  if (typeof jwk.kid !== 'string' || jwk.kid === '') faults.push('kid is missing');
  const curveFits = typeof jwk.crv === 'string' && curves[jwk.crv] === jwk.kty;
  if (!curveFits) faults.push('kty and crv must be OKP with X25519, or EC with P-256');
  if (jwk.use !== undefined && jwk.use !== 'enc') faults.push('use must be enc');
  if (jwk.alg !== undefined && jwk.alg !== 'ECDH-ES') faults.push('alg must be ECDH-ES');
  if (part === 'public' && hasPrivatePart(jwk)) faults.push('is a private key; only public keys belong here');
  if (part === 'private' && !hasPrivatePart(jwk)) faults.push('has no private part');
  else if (curveFits && !agrees(jwk as Jwk, part)) faults.push('cannot be used for key agreement');
  return faults;
}

function hasPrivatePart(jwk: Record<string, unknown>): boolean {
  return jwk.d !== undefined || jwk.k !== undefined;
}

/** Tries the key out: refuses points off the curve, points of small order, and private parts of another public key. */
function agrees(jwk: Jwk, part: 'public' | 'private'): boolean {
  try {
    const other =
      jwk.crv === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { d: _, ...publicPart } = jwk;
    const publicKey = createPublicKey({ key: publicPart as JsonWebKey, format: 'jwk' });
    const fromPublic = diffieHellman({ privateKey: other.privateKey, publicKey });
    if (part === 'public') return true;
    const privateKey = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return diffieHellman({ privateKey, publicKey: other.publicKey }).equals(fromPublic);
  } catch {
    // The reason may quote the key; that it cannot be used says enough.
    return false;
  }
}

const leastBytes = 32;
const leastDistinctBytes = 8;

/**
 * @param text `v1:` and the base64url of the bytes (RFC 4648 section 5, no padding)
 * @returns the secret as far as it can be read, and what is wrong with it
 */
function judgeSecret(text: string): { secret?: IndexSecret; faults: string[] } {
  const [, version, encoded] = /^(v[0-9]{1,6}):([A-Za-z0-9_-]+)$/.exec(text) ?? [];
  if (version === undefined || encoded === undefined) return { faults: ['is not of the form v1:base64url'] };
  const secret = Buffer.from(encoded, 'base64url');
  if (secret.toString('base64url') !== encoded) return { faults: ['is not base64url'] };
  const faults: string[] = [];
  if (secret.length < leastBytes) faults.push(`has fewer than ${leastBytes} bytes`);
  if (isObvious(secret)) faults.push('is obviously weak; take random bytes');
  return { secret: { version, secret: new Uint8Array(secret) }, faults };
}

/** One byte over and over, a few bytes over and over, or counting up or down. */
function isObvious(bytes: Uint8Array): boolean {
  if (new Set(bytes).size < leastDistinctBytes) return true;
  const steps = bytes.subarray(1).map((byte, at) => byte - (bytes[at] ?? 0));
  return new Set(steps).size === 1;
}
