import { createSealingKey } from '../audit-seal/note.ts';
import { createKeyPair, createSecret } from '../key-tools/new-keys.ts';

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
