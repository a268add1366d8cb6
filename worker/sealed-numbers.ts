import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import type { Indexer } from '../personnummer/blind-index.ts';
import { PersonnummerError } from '../personnummer/errors.ts';
import type { Personnummer } from '../personnummer/personnummer.ts';
import type { Unsealer } from '../personnummer/unseal.ts';
import { Failure } from './failure.ts';

/** What opening a sealed number needs. */
export interface OpenNumberOptions {
  readonly unsealer: Unsealer;
  readonly indexer: Indexer;
  /** Versions of the index secrets this worker has. */
  readonly indexVersions: ReadonlySet<string>;
}

/** A sealed number with the row it came with. */
export interface SealedNumber {
  readonly organization_id: string;
  /** Null together with the index: the record has no number, and the member system should not have one either. */
  readonly personnummer_sealed: string | null;
  readonly personnummer_index: string | null;
}

async function unseal(unsealer: Unsealer, sealed: string): Promise<Personnummer> {
  try {
    return await unsealer.unseal(sealed);
  } catch (error) {
    if (!(error instanceof PersonnummerError)) throw error;
    throw new Failure(error.code === 'sealing_key_unknown' ? 'sealing_key_unknown' : 'sealed_value_broken');
  }
}

/**
 * Opens a sealed value and finds out whether it belongs to the row it came with.
 *
 * @returns null where there is no number
 * @throws Failure `index_secret_unknown`, `sealing_key_unknown`, `sealed_value_broken` or `sealed_value_mismatch`
 */
export async function openNumber(row: SealedNumber, options: OpenNumberOptions): Promise<Personnummer | null> {
  const { personnummer_sealed: sealed, personnummer_index: index, organization_id: organizationId } = row;
  if (sealed === null && index === null) return null;
  // One without the other is a row that was tampered with.
  if (sealed === null || index === null) throw new Failure('sealed_value_mismatch');
  if (!options.indexVersions.has(index.split('.', 1)[0] ?? '')) throw new Failure('index_secret_unknown');
  const personnummer = await unseal(options.unsealer, sealed);
  if (!options.indexer.matches(personnummer, organizationId, index)) throw new Failure('sealed_value_mismatch');
  return personnummer;
}

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
