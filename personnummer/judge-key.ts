import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { Jwk } from './keys.ts';

const curves: Record<string, string> = { X25519: 'OKP', 'P-256': 'EC' };

/**
 * @param key one member of a key set, as parsed
 * @param part which half the process is to hold
 * @returns what is wrong with it, without any value
 */
export function judgeKey(key: unknown, part: 'public' | 'private'): string[] {
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
