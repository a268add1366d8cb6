import type { Indexer } from '../personnummer/blind-index.ts';
import { maskPersonnummer } from '../personnummer/mask.ts';
import type { Sealer } from '../personnummer/seal.ts';
import { readPersonnummer } from '../personnummer/validate.ts';
import type { Claims } from './contact-claims.ts';
import type { ProviderRow } from './provider-row.ts';
import type { UserinfoAnswer } from './userinfo.ts';

export type AbsentReason =
  | 'not_given'
  | 'malformed'
  | 'not_accepted'
  | 'capture_off'
  | 'not_consented'
  | 'inconsistent';

/** What a login proves about the number: its three forms at rest, or why there is none. */
export type NumberEvidence =
  | { status: 'given'; index: string; previousIndexes: string[] | null; sealed: string; masked: string }
  | { status: 'absent'; reason: AbsentReason; inconsistency: 'numbers_differ' | 'subject_differs' | null };

export interface NumberReader {
  /** Never throws because of what a claim holds. */
  read(row: ProviderRow, idToken: Claims, userinfo: UserinfoAnswer): Promise<NumberEvidence>;
}

/**
 * Reads the number from the place and the claim that the row names, and from nowhere else.
 *
 * @param options.synthetic see `readPersonnummer`
 */
export function createNumberReader(options: { sealer: Sealer; indexer: Indexer; synthetic: boolean }): NumberReader {
  const { sealer, indexer, synthetic } = options;
  return {
    async read(row, idToken, userinfo) {
      const found = findClaim(row, idToken, userinfo);
      if (found.status === 'absent') return found;
      const reading = readPersonnummer(found.claim, { synthetic });
      if (reading.status === 'refused') return absent(reading.absentReason);
      const [index, ...previous] = indexer.indexes(reading.personnummer, row.organizationId);
      if (index === undefined) throw new TypeError('no index secret');
      return {
        status: 'given',
        index,
        previousIndexes: previous.length > 0 ? previous : null,
        sealed: await sealer.seal(reading.personnummer),
        masked: maskPersonnummer(reading.personnummer),
      };
    },
  };
}

type Absent = Extract<NumberEvidence, { status: 'absent' }>;

/** Decides whether the claim may be looked at, before anything of it is sealed or indexed. */
function findClaim(
  row: ProviderRow,
  idToken: Claims,
  userinfo: UserinfoAnswer,
): Absent | { status: 'found'; claim: unknown } {
  if (userinfo.status === 'subject_differs') return absent('inconsistent', 'subject_differs');
  if (!row.capture) return absent('capture_off');
  if (row.consentMode !== 'none') return absent('not_consented');
  const inToken = own(idToken, row.personnummerClaim);
  const inUserinfo = userinfo.status === 'claims' ? own(userinfo.claims, row.personnummerClaim) : undefined;
  if (contradict(inToken, inUserinfo)) return absent('inconsistent', 'numbers_differ');
  if (row.personnummerFrom === 'id_token') return { status: 'found', claim: inToken };
  if (row.personnummerFrom === 'userinfo') return { status: 'found', claim: inUserinfo };
  return absent('not_given');
}

/** Own properties only: a row whose claim is called `constructor` finds nothing. */
function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function contradict(one: unknown, other: unknown): boolean {
  if (one === undefined || one === null || other === undefined || other === null) return false;
  return (typeof one === 'string' || typeof other === 'string') && one !== other;
}

function absent(reason: AbsentReason, inconsistency: Absent['inconsistency'] = null): Absent {
  return { status: 'absent', reason, inconsistency };
}
