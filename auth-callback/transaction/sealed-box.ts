import { hkdfSync } from 'node:crypto';
import { createDirectCipher, type DirectCipher } from './direct-jwe.ts';

/** What only we can write and only we can read, kept by somebody else: a cookie, or a token in an address. */
export interface SealedBox<Content> {
  /** @returns a compact JWE (RFC 7516): dir, A256GCM, `kid` the version of the secret */
  seal(content: Content): Promise<string>;
  /** @throws {SealedBoxError} when it was not sealed by us for this purpose, or by a secret we no longer have */
  unseal(sealed: string): Promise<Content>;
}

export class SealedBoxError extends Error {
  override readonly name = 'SealedBoxError';
  readonly code = 'sealed_box_unreadable';
}

/** One of our secrets, at least 32 random bytes. */
export interface SealingSecret {
  version: string;
  secret: Uint8Array;
}

/**
 * @param secrets the first one seals, all of them open (so that they can be rotated)
 * @param purpose one secret, one use: each purpose has a key of its own (RFC 5869), so that what was sealed for one can
 *   never stand in for another
 * @param read judges the shape, because an older or newer release may have sealed it; undefined refuses
 */
export function createSealedBox<Content>(
  secrets: SealingSecret[],
  purpose: string,
  read: (value: unknown) => Content | undefined,
): SealedBox<Content> {
  const ciphers = secrets.map(({ version, secret }) =>
    createDirectCipher(deriveKey(purpose, version, secret), version),
  );
  const [current] = ciphers;
  if (current === undefined) throw new TypeError('no secret to seal with');
  return {
    seal: async (content) => current.encrypt(JSON.stringify(content)),
    async unseal(sealed) {
      const found = read(open(sealed, ciphers));
      if (found === undefined) throw new SealedBoxError('not of the shape this release seals');
      return found;
    },
  };
}

function open(sealed: string, ciphers: DirectCipher[]): unknown {
  try {
    const cipher = ciphers.find((each) => each.made(sealed));
    if (cipher !== undefined) return JSON.parse(cipher.decrypt(sealed));
  } catch (cause) {
    throw new SealedBoxError('not sealed by us', { cause });
  }
  throw new SealedBoxError('sealed with a secret we do not have, or not as we write it');
}

function deriveKey(purpose: string, version: string, secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `${purpose}:${version}`, 32));
}

/** A JSON object, not an array, as something whose properties can be looked at. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
