import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { classify } from './classify.ts';
import { PersonnummerError } from './errors.ts';
import type { Jwk } from './keys.ts';
import { Personnummer } from './personnummer.ts';

export interface Unsealer {
  /**
   * @param jwe what `Sealer.seal` made
   * @throws {PersonnummerError} `sealing_key_unknown` when no private key has its `kid`; `sealed_value_broken` for
   *   everything else: no JWE, another algorithm, tampered with, or no well-formed number inside
   */
  unseal(jwe: string): Promise<Personnummer>;
}

/**
 * @param privateKeys X25519 or P-256, each with a `kid` of its own; old keys stay until nothing is sealed with them
 * @throws {PersonnummerError} `key_unusable`, when the list is empty or a key is no private key with a `kid`
 */
export function createUnsealer(privateKeys: Jwk[]): Unsealer {
  const keys = importPrivateKeys(privateKeys);
  return {
    async unseal(jwe) {
      const key = keys.get(keyIdOf(jwe));
      if (key === undefined) throw new PersonnummerError('sealing_key_unknown');
      return open(jwe, key);
    },
  };
}

/** What the sealed value says it was sealed with; not trusted before it is opened. */
function keyIdOf(jwe: string): string {
  let kid: unknown;
  try {
    kid = decodeProtectedHeader(jwe).kid;
  } catch {
    // The error underneath may quote what it was given.
  }
  if (typeof kid !== 'string') throw new PersonnummerError('sealed_value_broken', 'form');
  return kid;
}

function importPrivateKeys(privateKeys: Jwk[]): Map<string, KeyObject> {
  if (privateKeys.length === 0) throw new PersonnummerError('key_unusable');
  return new Map(
    privateKeys.map((jwk, position) => {
      if (jwk.kid === undefined || jwk.kid === '') throw new PersonnummerError('key_unusable', `key ${position + 1}`);
      try {
        return [jwk.kid, createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })];
      } catch {
        // The error underneath may quote the key.
        throw new PersonnummerError('key_unusable', `key ${position + 1}`);
      }
    }),
  );
}

/** These two algorithms and nothing else: another one in the header is refused before the key is touched (RFC 8725). */
const ALGORITHMS = { keyManagementAlgorithms: ['ECDH-ES'], contentEncryptionAlgorithms: ['A256GCM'] };

async function open(jwe: string, key: KeyObject): Promise<Personnummer> {
  const opened = await compactDecrypt(jwe, key, ALGORITHMS).catch(() => undefined);
  // The error underneath may quote what it was given.
  if (opened === undefined) throw new PersonnummerError('sealed_value_broken', 'not opened');
  const digits = Buffer.from(opened.plaintext).toString('latin1');
  // Anyone who has the public key can seal anything, so what comes out is judged again.
  const found = classify(digits);
  if (found === undefined || found.kind === 'other') throw new PersonnummerError('sealed_value_broken', 'content');
  return new Personnummer(digits);
}
