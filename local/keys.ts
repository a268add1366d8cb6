import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { JWK } from 'jose';
import { createSealingKey } from '../audit-seal/note.ts';

/** Keys and secrets of the two programs, each as the text of the environment variable it is named for. */
export type LocalKeys = {
  /** Public; the callback has them. */
  PERSONNUMMER_SEALING_KEYS: string;
  /** Private; only the worker has them. */
  PERSONNUMMER_UNSEALING_KEYS: string;
  PERSONNUMMER_INDEX_SECRETS: string;
  ACCESS_TOKEN_KEYS: string;
  TRANSACTION_SECRETS: string;
  /** Private; only the worker has it. */
  AUDIT_SEALING_KEY: string;
  /** Public: who verifies the audit has it. */
  AUDIT_VERIFIER_KEYS: string;
};

/** Makes a fresh set, for local use and tests: X25519 seals, ES256 signs; Ed25519 signs the audit of this name. */
export function createKeys(auditName = 'localhost/audit'): LocalKeys {
  const sealing = createKeyPair('x25519', { alg: 'ECDH-ES', use: 'enc' });
  const signing = createKeyPair('ec', { alg: 'ES256', use: 'sig' });
  const audit = createSealingKey(auditName);
  return {
    PERSONNUMMER_SEALING_KEYS: JSON.stringify({ keys: [sealing.publicKey] }),
    PERSONNUMMER_UNSEALING_KEYS: JSON.stringify({ keys: [sealing.privateKey] }),
    PERSONNUMMER_INDEX_SECRETS: createSecret(),
    ACCESS_TOKEN_KEYS: JSON.stringify({ keys: [signing.privateKey] }),
    TRANSACTION_SECRETS: createSecret(),
    AUDIT_SEALING_KEY: audit.signingKey,
    AUDIT_VERIFIER_KEYS: audit.verifierKey,
  };
}

/** A versioned secret of 32 random bytes, e.g. `v1:Xk3...`. */
export function createSecret(version = 'v1'): string {
  return `${version}:${randomBytes(32).toString('base64url')}`;
}

/** The public halves of a private key set: what a verifier is given. */
export function publicKeySet(privateKeySet: string): string {
  const { keys } = JSON.parse(privateKeySet) as { keys: JWK[] };
  return JSON.stringify({ keys: keys.map(({ d: _, ...publicPart }) => publicPart) });
}

/** A key pair as JSON Web Keys with the same random `kid`. */
export function createKeyPair(type: 'x25519' | 'ec', header: JWK = {}): { publicKey: JWK; privateKey: JWK } {
  const pair = type === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  return {
    publicKey: { ...pair.publicKey.export({ format: 'jwk' }), kid, ...header },
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), kid, ...header },
  };
}
