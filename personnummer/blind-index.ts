import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { PersonnummerError } from './errors.ts';
import type { IndexSecret } from './keys.ts';
import type { Personnummer } from './personnummer.ts';

export interface Indexer {
  /**
   * @param organizationId the organisation's UUID as the database writes it
   * @returns one index per secret, e.g. `v1.q3Vb...`; the first is the one to store, the rest find older rows
   */
  indexes(personnummer: Personnummer, organizationId: string): string[];
  /**
   * Whether the index was made of this number for this organisation, under the version written in it. False too where
   * that version is not known. Constant time.
   */
  matches(personnummer: Personnummer, organizationId: string, index: string): boolean;
}

/**
 * Makes equality of numbers visible as equality of texts without the database knowing either: HMAC-SHA-256 (RFC 2104)
 * under a key that HKDF-SHA-256 (RFC 5869) derives for each version and organisation, so that the indexes of two
 * organisations cannot be joined.
 *
 * @param secrets the current one first, then those it replaced
 * @throws {PersonnummerError} `key_unusable` when the list is empty
 */
export function createIndexer(secrets: IndexSecret[]): Indexer {
  if (secrets.length === 0) throw new PersonnummerError('key_unusable');
  const keys = new Map<string, Uint8Array>();
  // Organisations are few, and deriving costs several times what indexing does.
  const keyOf = (secret: IndexSecret, organizationId: string): Uint8Array => {
    const name = `${secret.version}:${organizationId}`;
    const key = keys.get(name) ?? deriveKey(secret, organizationId);
    keys.set(name, key);
    return key;
  };
  const index = (secret: IndexSecret, personnummer: Personnummer, organizationId: string): string => {
    const hmac = createHmac('sha256', keyOf(secret, organizationId)).update(personnummer.reveal(), 'ascii');
    return `${secret.version}.${hmac.digest('base64url')}`;
  };
  return {
    indexes(personnummer, organizationId) {
      return secrets.map((secret) => index(secret, personnummer, organizationId));
    },
    matches(personnummer, organizationId, candidate) {
      const version = candidate.slice(0, Math.max(0, candidate.indexOf('.')));
      const secret = secrets.find((each) => each.version === version);
      return secret !== undefined && sameText(index(secret, personnummer, organizationId), candidate);
    },
  };
}

function deriveKey({ version, secret }: IndexSecret, organizationId: string): Uint8Array {
  if (organizationId === '') throw new PersonnummerError('organization_missing');
  return new Uint8Array(hkdfSync('sha256', secret, '', `personnummer-index:${version}:${organizationId}`, 32));
}

function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
