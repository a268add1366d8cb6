import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { Failure } from '../failure.ts';

/**
 * Seals text for an organisation that has no interface for us: only the holder of its private key can read it.
 *
 * @param receiverKey public JWK of the organisation (X25519 or P-256) with a `kid`
 * @returns compact JWE (RFC 7516): ECDH-ES, A256GCM
 * @throws Failure `receiver_key_unusable`
 */
export async function sealForReceiver(receiverKey: unknown, text: string): Promise<string> {
  const key = importKey(receiverKey);
  try {
    return await new CompactEncrypt(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: key.kid })
      .encrypt(key.key);
  } catch {
    // A key can be well-formed and of no use: X25519 has points that no secret can be agreed on with.
    throw new Failure('receiver_key_unusable');
  }
}

function importKey(jwk: unknown) {
  const { kid, d, crv } = (jwk ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof kid !== 'string' || kid === '' || d !== undefined) throw new Failure('receiver_key_unusable');
  if (crv !== 'X25519' && crv !== 'P-256') throw new Failure('receiver_key_unusable');
  try {
    return { kid, key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }) };
  } catch {
    // The error underneath may quote the key.
    throw new Failure('receiver_key_unusable');
  }
}
