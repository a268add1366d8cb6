import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { classify } from './classify.ts';
import { openSealed, type SealedParts, takeApart } from './ecdh-es.ts';
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
      const parts = takeApart(jwe);
      if (parts === null || typeof parts.header.kid !== 'string')
        throw new PersonnummerError('sealed_value_broken', 'form');
      const key = keys.get(parts.header.kid);
      if (key === undefined) throw new PersonnummerError('sealing_key_unknown');
      return open(parts, key);
    },
  };
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

function open(parts: SealedParts, key: KeyObject): Personnummer {
  let digits: string;
  try {
    digits = openSealed(parts, key).toString('latin1');
  } catch {
    // The error underneath may quote what it was given.
    throw new PersonnummerError('sealed_value_broken', 'not opened');
  }
  // Anyone who has the public key can seal anything, so what comes out is judged again.
  const found = classify(digits);
  if (found === undefined || found.kind === 'other') throw new PersonnummerError('sealed_value_broken', 'content');
  return new Personnummer(digits);
}
