import { createHash } from 'node:crypto';

/** What the member system knows about one member. */
interface KnownMember {
  readonly external_id: string;
  /** Null after it was removed. */
  readonly personnummer: string | null;
  /** Changes made, not requests received. */
  readonly effects: number;
}

/** How a request to change a member ended. */
export type Applied = 'applied' | 'repeated' | 'already_applied' | 'key_used_for_another_request';

/** The members of one organisation and the idempotency keys it has seen, in memory. */
export interface Members {
  find(externalId: string): KnownMember | undefined;
  /** Makes a change at most once per key (draft-ietf-httpapi-idempotency-key-header-07). */
  /** @param madeAt of `Change-Made-At`: what is older than the member's newest change is left out (`already_applied`) */
  apply(key: string, externalId: string, personnummer: string | null, madeAt?: string): Applied;
  /** Changes made for a key: 0 or 1. */
  effectsOf(key: string): number;
  /** All changes made. */
  effects(): number;
}

/** Starts empty. */
export function createMembers(): Members {
  const members = new Map<string, KnownMember>();
  const fingerprints = new Map<string, string>();
  const newest = new Map<string, string>();
  let all = 0;
  return {
    find: (externalId) => members.get(externalId),
    apply(key, externalId, personnummer, madeAt = '') {
      const fingerprint = createHash('sha256')
        .update(JSON.stringify([externalId, personnummer]))
        .digest('hex');
      const seen = fingerprints.get(key);
      if (seen !== undefined) return seen === fingerprint ? 'repeated' : 'key_used_for_another_request';
      // RFC 3339 in UTC with as many digits each: as texts they are in the order of time.
      if (madeAt !== '' && madeAt < (newest.get(externalId) ?? '')) return 'already_applied';
      newest.set(externalId, madeAt);
      fingerprints.set(key, fingerprint);
      const effects = (members.get(externalId)?.effects ?? 0) + 1;
      members.set(externalId, { external_id: externalId, personnummer, effects });
      all += 1;
      return 'applied';
    },
    effectsOf: (key) => (fingerprints.has(key) ? 1 : 0),
    effects: () => all,
  };
}
