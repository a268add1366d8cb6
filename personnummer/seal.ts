import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { PersonnummerError } from './errors.ts';
import type { Jwk } from './keys.ts';
import type { Personnummer } from './personnummer.ts';

export interface Sealer {
  /** @returns a compact JWE (RFC 7516): ECDH-ES (direct), A256GCM, `kid` in the protected header */
  seal(personnummer: Personnummer): Promise<string>;
}

/**
 * Seals with public keys, so that the process that seals cannot read back what it wrote.
 *
 * @param publicKeys X25519 or P-256, each with a `kid`; the first one seals, the others are there for rotation only
 * @throws {PersonnummerError} `key_unusable`, when the list is empty or the first key is no public key with a `kid`
 */
export function createSealer(publicKeys: Jwk[]): Sealer {
  const { publicKey, kid } = importPublicKey(publicKeys[0]);
  return {
    seal: (personnummer) =>
      new CompactEncrypt(Buffer.from(personnummer.reveal(), 'ascii'))
        .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid })
        .encrypt(publicKey),
  };
}

function importPublicKey(jwk: Jwk | undefined) {
  if (jwk?.kid === undefined || jwk.kid === '' || jwk.d !== undefined) throw new PersonnummerError('key_unusable');
  if (jwk.crv !== 'X25519' && jwk.crv !== 'P-256') throw new PersonnummerError('key_unusable');
  try {
    return { publicKey: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }), kid: jwk.kid };
  } catch {
    // The error underneath may quote the key.
    throw new PersonnummerError('key_unusable');
  }
}
