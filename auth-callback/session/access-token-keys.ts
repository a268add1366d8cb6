import { createPrivateKey, createPublicKey, type JsonWebKey, sign, verify } from 'node:crypto';
import type { JWK } from 'jose';

/** Faults are short sentences naming positions, never values; where there are any, `keys` is empty. */
export type ParsedSigningKeys = { keys: JWK[]; faults: string[] };

/**
 * The keys that sign access tokens, from the text of an environment variable: a private JWKS (RFC 7517) of P-256 keys for
 * ES256, each with its own `kid`. The first one signs; all are published.
 */
export function parseSigningKeys(text: string): ParsedSigningKeys {
  const found = readKeySet(text);
  if (found === undefined) return { keys: [], faults: ['is not JSON of the form {"keys":[...]}'] };
  if (found.length === 0) return { keys: [], faults: ['holds no key'] };
  const faults = found.flatMap((key, at) => judge(key).map((fault) => `key ${at + 1}: ${fault}`));
  const kids = found.map((key) => (isRecord(key) ? key.kid : undefined));
  kids.forEach((kid, at) => {
    if (kid !== undefined && kids.indexOf(kid) < at) faults.push(`key ${at + 1}: kid used before`);
  });
  return { keys: faults.length === 0 ? (found as JWK[]) : [], faults };
}

function readKeySet(text: string): unknown[] | undefined {
  try {
    const set: unknown = JSON.parse(text);
    return isRecord(set) && Array.isArray(set.keys) ? set.keys : undefined;
  } catch {
    // What JSON.parse says quotes the text, which may hold a private key.
    return undefined;
  }
}

function judge(key: unknown): string[] {
  if (!isRecord(key)) return ['is not an object'];
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
    const signature = sign('sha256', text, createPrivateKey({ key, format: 'jwk' }));
    return verify('sha256', text, createPublicKey({ key: publicPart, format: 'jwk' }), signature);
  } catch {
    // The reason may quote the key; that it cannot be used says enough.
    return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
