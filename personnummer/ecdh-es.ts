import {
  createCipheriv,
  createHash,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

/** Whom a value is encrypted to. */
export interface Recipient {
  publicKey: KeyObject;
  curve: 'X25519' | 'P-256';
  kid: string;
}

/**
 * Encrypts to a public key: a compact JWE (RFC 7516) by ECDH-ES, direct, with A256GCM, as `jose` writes it, and as `jose`
 * opens it in `unseal.ts`. By Node's synchronous primitives, because jose's go through WebCrypto: seven jobs for the thread
 * pool, and six times the CPU, for each login. `test/personnummer/seal.test.ts` has each open what the other made.
 */
export function encryptTo({ publicKey, curve, kid }: Recipient, plaintext: string): string {
  // Fresh for every value (RFC 7518 section 4.6), and gone with it: whoever encrypts cannot decrypt.
  const ephemeral =
    curve === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: curve });
  const { kty, crv, x, y } = ephemeral.publicKey.export({ format: 'jwk' });
  const epk = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
  const header = base64url(JSON.stringify({ alg: 'ECDH-ES', enc: 'A256GCM', kid, epk }));
  const key = deriveKey(diffieHellman({ privateKey: ephemeral.privateKey, publicKey }));
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header, 'ascii'));
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  // No encrypted key: the derived one is the content's.
  return [header, '', ...[iv, ciphertext, cipher.getAuthTag()].map(base64url)].join('.');
}

const otherInfo = Buffer.concat([lengthAnd('A256GCM'), lengthAnd(''), lengthAnd(''), uint32(256)]);

/** RFC 7518 section 4.6.2: one round of Concat KDF gives the 256 bits. */
function deriveKey(sharedSecret: Buffer): Buffer {
  return createHash('sha256').update(uint32(1)).update(sharedSecret).update(otherInfo).digest();
}

function lengthAnd(text: string): Buffer {
  return Buffer.concat([uint32(text.length), Buffer.from(text, 'ascii')]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function base64url(content: Buffer | string): string {
  return Buffer.from(content as Buffer).toString('base64url');
}
