import { hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { z } from 'zod';

/** What only we can write and only we can read, kept by somebody else: a cookie, or a token in an address. */
export interface SealedBox<Content> {
  /** @returns a compact JWE (RFC 7516): dir, A256GCM, `kid` the version of the secret */
  seal(content: Content): Promise<string>;
  /** @throws {SealedBoxError} when it was not sealed by us for this purpose, or by a secret we no longer have */
  unseal(sealed: string): Promise<Content>;
}

class SealedBoxError extends Error {
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
 * @param shape judged too, because an older or newer release may have sealed it
 */
export function createSealedBox<Content>(
  secrets: SealingSecret[],
  purpose: string,
  shape: z.ZodType<Content>,
): SealedBox<Content> {
  const keys = new Map(secrets.map(({ version, secret }) => [version, deriveKey(purpose, version, secret)]));
  const [current] = keys;
  if (current === undefined) throw new TypeError('no secret to seal with');
  const [kid, sealingKey] = current;
  return {
    seal(content) {
      return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(content)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
        .encrypt(sealingKey);
    },
    async unseal(sealed) {
      const content = await open(sealed, keys).catch((cause: unknown) => {
        throw new SealedBoxError('not sealed by us', { cause });
      });
      const found = shape.safeParse(content);
      if (!found.success) throw new SealedBoxError('not of the shape this release seals');
      return found.data;
    },
  };
}

async function open(sealed: string, keys: Map<string, Uint8Array>): Promise<unknown> {
  if (!isCanonical(sealed)) throw new SealedBoxError('not as we write it');
  const { plaintext } = await compactDecrypt(sealed, (header) => keyNamed(keys, header.kid), {
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  });
  return JSON.parse(new TextDecoder().decode(plaintext));
}

function keyNamed(keys: Map<string, Uint8Array>, kid: string | undefined): Uint8Array {
  const key = kid === undefined ? undefined : keys.get(kid);
  if (key === undefined) throw new SealedBoxError('sealed with a secret we do not have');
  return key;
}

function deriveKey(purpose: string, version: string, secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `${purpose}:${version}`, 32));
}

/**
 * Whether a compact JWS or JWE is written in the one way there is (RFC 7515 section 2): segments of base64url without
 * padding, white space or bits left over at the end. Decoders forgive all of these, so that one value has many spellings.
 */
export function isCanonical(compact: string): boolean {
  return compact.split('.').every((segment) => Buffer.from(segment, 'base64url').toString('base64url') === segment);
}
