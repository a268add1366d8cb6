import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

// Compact JWEs (RFC 7516) of ECDH-ES, direct, with A256GCM: these two algorithms and nothing else, as `jose` writes and opens
// them. By Node's synchronous primitives, because jose's go through WebCrypto and its thread pool, at five times the CPU for
// every login and every push. test/personnummer/ has each open what the other made, and the example of RFC 7518.

/** Whom a value is encrypted to. */
export interface Recipient {
  publicKey: KeyObject;
  curve: 'X25519' | 'P-256';
  kid: string;
}

/** Encrypts to a public key. */
export function encryptTo({ publicKey, curve, kid }: Recipient, plaintext: string): string {
  // Fresh for every value (RFC 7518 section 4.6), and gone with it: whoever encrypts cannot decrypt.
  const ephemeral =
    curve === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: curve });
  const { kty, crv, x, y } = ephemeral.publicKey.export({ format: 'jwk' });
  const epk = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
  const header = base64url(JSON.stringify({ alg: 'ECDH-ES', enc: 'A256GCM', kid, epk }));
  const key = deriveKey(diffieHellman({ privateKey: ephemeral.privateKey, publicKey }), 'A256GCM', '', '');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header, 'ascii'));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  // No encrypted key: the derived one is the content's.
  return [header, '', ...[iv, ciphertext, cipher.getAuthTag()].map(base64url)].join('.');
}

/** A compact JWE taken apart. */
export interface SealedParts {
  readonly header: Readonly<Record<string, unknown>>;
  /** The header as it was written: it is authenticated together with the ciphertext. */
  readonly headerText: string;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

// No encrypted key: the key is agreed upon directly (RFC 7518 section 4.6).
const compact = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{22})$/;

/** @returns null for what is no compact JWE with a 96-bit IV and a 128-bit tag, or has no JSON object for a header */
export function takeApart(jwe: string): SealedParts | null {
  const [, headerText = '', iv = '', ciphertext = '', tag = ''] = compact.exec(jwe) ?? [];
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  try {
    const header: unknown = JSON.parse(bytes(headerText).toString('utf8'));
    if (typeof header !== 'object' || header === null || Array.isArray(header)) return null;
    const parts = { iv: bytes(iv), ciphertext: bytes(ciphertext), tag: bytes(tag) };
    return { header: header as Record<string, unknown>, headerText, ...parts };
  } catch {
    return null;
  }
}

/**
 * Opens what `encryptTo` or jose made (RFC 7518 sections 4.6 and 5.3).
 *
 * @param key X25519 or P-256
 * @throws whatever goes wrong; what it says may quote the input
 */
export function openSealed({ header, headerText, iv, ciphertext, tag }: SealedParts, key: KeyObject): Buffer {
  const { alg, enc, crit, zip, epk, apu = '', apv = '' } = header;
  // A header that asks for another algorithm, or for anything we do not know, is refused before the key is touched (RFC 8725).
  if (alg !== 'ECDH-ES' || enc !== 'A256GCM' || crit !== undefined || zip !== undefined) throw new Error('not ours');
  if (typeof apu !== 'string' || typeof apv !== 'string') throw new Error('not ours');
  const publicKey = createPublicKey({ key: epk as JsonWebKey, format: 'jwk' });
  const shared = diffieHellman({ privateKey: key, publicKey });
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(shared, 'A256GCM', apu, apv), iv, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(headerText, 'ascii')).setAuthTag(tag);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** Concat KDF (NIST SP 800-56A, as RFC 7518 section 4.6.2 uses it) for one round of SHA-256. */
export function deriveKey(shared: Buffer, enc: string, apu: string, apv: string, bits: 128 | 256 = 256): Buffer {
  const hash = createHash('sha256').update(uint32(1)).update(shared);
  for (const part of [Buffer.from(enc, 'ascii'), Buffer.from(apu, 'base64url'), Buffer.from(apv, 'base64url')]) {
    hash.update(uint32(part.length)).update(part);
  }
  return hash
    .update(uint32(bits))
    .digest()
    .subarray(0, bits / 8);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function base64url(content: Buffer | string): string {
  return Buffer.from(content as Buffer).toString('base64url');
}
