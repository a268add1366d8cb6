import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { JWK } from 'jose';

/** A versioned secret of 32 random bytes, e.g. `v1:Xk3...`. */
export function createSecret(version = 'v1'): string {
  return `${version}:${randomBytes(32).toString('base64url')}`;
}

/** The public halves of a private key set: what a verifier is given. */
export function publicKeySet(privateKeySet: string): string {
  const { keys } = JSON.parse(privateKeySet) as { keys: JWK[] };
  return JSON.stringify({ keys: keys.map(({ d: _, ...publicPart }) => publicPart) });
}

/** A key pair as JSON Web Keys with the same `kid`, which begins with the moment it was made: so the newer of two is known. */
export function createKeyPair(type: 'x25519' | 'ec', header: JWK = {}): { publicKey: JWK; privateKey: JWK } {
  const pair = type === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = `${new Date().toISOString().replace(/[-:.]/g, '')}-${randomBytes(6).toString('hex')}`;
  return {
    publicKey: { ...pair.publicKey.export({ format: 'jwk' }), kid, ...header },
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), kid, ...header },
  };
}

/** When a key of `createKeyPair` was made; an empty text for one that does not say, which sorts before all others. */
export function madeAt(kid: string): string {
  return /^(\d{8}T\d{9}Z)-/.exec(kid)?.[1] ?? '';
}
