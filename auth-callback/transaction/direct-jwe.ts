import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { isCanonical } from './canonical.ts';

/** Compact JWEs (RFC 7516) of one shared key: `alg` dir, `enc` A256GCM, and its `kid`. */
export interface DirectCipher {
  encrypt(plaintext: string): string;
  /** Whether the header is, letter by letter, the one that `encrypt` writes. */
  made(jwe: string): boolean;
  /** @throws when it was changed, or made with another key, or is not written as `encrypt` writes it */
  decrypt(jwe: string): string;
}

const ivBytes = 12;
const tagBytes = 16;

/**
 * What `jose` writes for `dir` and A256GCM, by Node's synchronous primitives: jose's go through WebCrypto and its thread
 * pool, which takes five times the CPU, twice for each login. `test/auth-callback/transaction/direct-jwe.test.ts` has each
 * open what the other made. Both ends are ours, so one header is known, and no other is ever interpreted.
 *
 * @param key 32 bytes
 */
export function createDirectCipher(key: Uint8Array, kid: string): DirectCipher {
  const secret = createSecretKey(key);
  const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url');
  const additional = Buffer.from(header, 'ascii');
  // Header, dot, no encrypted key, dot.
  const beginning = `${header}..`;
  return {
    encrypt(plaintext) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', secret, iv, { authTagLength: tagBytes }).setAAD(additional);
      const content = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      const segments = [iv, content, cipher.getAuthTag()].map((each) => each.toString('base64url'));
      return beginning + segments.join('.');
    },
    made: (jwe) => jwe.startsWith(beginning),
    decrypt(jwe) {
      const segments = jwe.slice(beginning.length).split('.');
      if (segments.length !== 3 || !isCanonical(jwe)) throw new TypeError('not as we write it');
      const [iv, content, tag] = segments.map((each) => Buffer.from(each, 'base64url')) as [Buffer, Buffer, Buffer];
      // A shorter tag would be easier to guess.
      if (iv.length !== ivBytes || tag.length !== tagBytes) throw new TypeError('not as we write it');
      const decipher = createDecipheriv('aes-256-gcm', secret, iv, { authTagLength: tagBytes });
      decipher.setAAD(additional).setAuthTag(tag);
      return Buffer.concat([decipher.update(content), decipher.final()]).toString('utf8');
    },
  };
}
