import type { JWK } from 'jose';
import { judgeKey } from './judge-key.ts';
import { judgeSecret } from './judge-secret.ts';

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
