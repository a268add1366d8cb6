import { z } from 'zod';
import type { Indexer } from '../../personnummer/blind-index.ts';
import type { Sealer } from '../../personnummer/seal.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import type { ProviderRow } from '../provider/provider-row.ts';
import type { LookupAnswer } from '../provider/token-lookup.ts';
import type { UserinfoAnswer } from '../provider/userinfo.ts';
import type { Claims } from './contact-claims.ts';

type AbsentReason = 'not_given' | 'malformed' | 'not_accepted' | 'capture_off' | 'not_consented' | 'inconsistent';

/** A number in its three forms at rest. */
export type GivenNumber = z.infer<typeof givenNumber>;
export const givenNumber = z.object({
  status: z.literal('given'),
  index: z.string(),
  previousIndexes: z.array(z.string()).nullable(),
  sealed: z.string(),
  masked: z.string(),
});

/** What a login proves about the number, or why there is none. */
export type NumberEvidence =
  | GivenNumber
  | { status: 'absent'; reason: AbsentReason; inconsistency: 'numbers_differ' | 'subject_differs' | null };

/** The number's indexes under all our keys; none where none was given. */
export function indexesOf(evidence: NumberEvidence): string[] {
  return evidence.status === 'given' ? [evidence.index, ...(evidence.previousIndexes ?? [])] : [];
}

/** Every place where a provider may put the number. */
export interface NumberSources {
  idToken: Claims;
  userinfo: UserinfoAnswer;
  lookup: LookupAnswer;
}

export interface NumberReader {
  /** Never throws because of what a claim holds. */
  read(row: ProviderRow, sources: NumberSources): Promise<NumberEvidence>;
  /** What a member's consent at the provider brought: the claim named as the row's consent scope, in userinfo. */
  readConsented(row: ProviderRow, userinfo: UserinfoAnswer): Promise<NumberEvidence>;
}

/**
 * Reads the number from the place and the claim that the row names, and from nowhere else. Whether it may be kept before
 * the member has consented is the database's business.
 *
 * @param options.synthetic see `readPersonnummer`
 */
export function createNumberReader(options: { sealer: Sealer; indexer: Indexer; synthetic: boolean }): NumberReader {
  const { sealer, indexer, synthetic } = options;

  async function seal(row: ProviderRow, found: Found): Promise<NumberEvidence> {
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
      masked: reading.personnummer.masked(),
    };
  }

  return {
    read: (row, sources) => seal(row, findClaim(row, sources)),
    readConsented: (row, userinfo) => seal(row, findConsented(row, userinfo)),
  };
}

type Absent = Extract<NumberEvidence, { status: 'absent' }>;
type Found = Absent | { status: 'found'; claim: unknown };

/** Decides whether the claim may be looked at, before anything of it is sealed or indexed. */
function findClaim(row: ProviderRow, { idToken, userinfo, lookup }: NumberSources): Found {
  if (userinfo.status === 'subject_differs' || lookup.status === 'subject_differs') {
    return absent('inconsistent', 'subject_differs');
  }
  if (!row.capture) return absent('capture_off');
  const claims = {
    id_token: own(idToken, row.personnummerClaim),
    userinfo: claimOf(userinfo, row.personnummerClaim),
    introspection: row.personnummerFrom === 'introspection' ? claimOf(lookup, row.personnummerClaim) : undefined,
    tokeninfo: row.personnummerFrom === 'tokeninfo' ? claimOf(lookup, row.personnummerClaim) : undefined,
  };
  if (contradict(Object.values(claims))) return absent('inconsistent', 'numbers_differ');
  return { status: 'found', claim: own(claims, row.personnummerFrom) };
}

/** BankID names the claim as the scope: `nnin`. */
function findConsented(row: ProviderRow, userinfo: UserinfoAnswer): Found {
  if (userinfo.status === 'subject_differs') return absent('inconsistent', 'subject_differs');
  if (!row.capture) return absent('capture_off');
  return { status: 'found', claim: row.consentScope === null ? undefined : claimOf(userinfo, row.consentScope) };
}

function claimOf(answer: UserinfoAnswer | LookupAnswer, name: string): unknown {
  return answer.status === 'claims' ? own(answer.claims, name) : undefined;
}

/** Own properties only: a row whose claim is called `constructor` finds nothing. */
function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

function contradict(claims: unknown[]): boolean {
  const said = claims.filter((claim) => claim !== undefined && claim !== null);
  return said.some((claim) => typeof claim === 'string') && said.some((claim) => claim !== said[0]);
}

function absent(reason: AbsentReason, inconsistency: Absent['inconsistency'] = null): Absent {
  return { status: 'absent', reason, inconsistency };
}
