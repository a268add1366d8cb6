// The key file of a worklist: the private key as a JWK, sealed with a passphrase. Runs in the coordinator's browser only.
import { compactDecrypt } from './jose/jwe/compact/decrypt.js';
import { CompactEncrypt } from './jose/jwe/compact/encrypt.js';
import { calculateJwkThumbprint } from './jose/jwk/thumbprint.js';
import { exportJWK } from './jose/key/export.js';
import { generateKeyPair } from './jose/key/generate_key_pair.js';
import { importJWK } from './jose/key/import.js';

const passphraseSealing = 'PBES2-HS512+A256KW';
/** What OWASP asks of PBKDF2 with HMAC-SHA-512 and more. */
const rounds = 600_000;

/** Whether this browser has what is needed; it has not on an address without https. */
export const isSupported = globalThis.crypto?.subtle !== undefined;

/** @returns the public JWK, its thumbprint, and the text of the file */
export async function makeKey(passphrase) {
  // P-256: X25519 is not in every browser yet.
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)]);
  const kid = await calculateJwkThumbprint(publicJwk);
  const text = new TextEncoder().encode(JSON.stringify({ ...privateJwk, kid }));
  const file = await new CompactEncrypt(text)
    .setProtectedHeader({ alg: passphraseSealing, enc: 'A256GCM', cty: 'jwk+json' })
    .setKeyManagementParameters({ p2c: rounds })
    .encrypt(new TextEncoder().encode(passphrase));
  return { publicJwk: { ...publicJwk, kid }, kid, file };
}

/** @throws {Error} `badFile` or `badPassphrase`, as its message */
export async function openKeyFile(text, passphrase) {
  if (text.trim().split('.').length !== 5) throw new Error('badFile');
  let plaintext;
  try {
    ({ plaintext } = await compactDecrypt(text.trim(), new TextEncoder().encode(passphrase), {
      keyManagementAlgorithms: [passphraseSealing],
      maxPBES2Count: rounds,
    }));
  } catch (error) {
    throw new Error(error.code === 'ERR_JWE_DECRYPTION_FAILED' ? 'badPassphrase' : 'badFile');
  }
  // Not extractable: what runs in the page later can use the key, but not take it along.
  return importJWK(JSON.parse(new TextDecoder().decode(plaintext)), 'ECDH-ES', { extractable: false });
}

/** @throws {Error} `wrongKey` as its message */
export async function openSealed(sealed, key) {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, { keyManagementAlgorithms: ['ECDH-ES'] });
    return new TextDecoder().decode(plaintext);
  } catch {
    throw new Error('wrongKey');
  }
}
