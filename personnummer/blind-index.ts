import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
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
  const keyFor = createKeyRing();
  const index = (secret: IndexSecret, personnummer: Personnummer, organizationId: string) => {
    if (organizationId === '') throw new PersonnummerError('organization_missing');
    const hmac = createHmac('sha256', keyFor(secret, organizationId));
    return `${secret.version}.${hmac.update(personnummer.reveal(), 'ascii').digest('base64url')}`;
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

const mostKeys = 10_000;

/** Derives each key once: organisations are few, their logins many. */
function createKeyRing(): (secret: IndexSecret, organizationId: string) => KeyObject {
  const keys = new Map<string, KeyObject>();
  return ({ version, secret }, organizationId) => {
    const info = `personnummer-index:${version}:${organizationId}`;
    const known = keys.get(info);
    if (known !== undefined) return known;
    const key = createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', info, 32)));
    if (keys.size >= mostKeys) keys.clear();
    keys.set(info, key);
    return key;
  };
}

function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
