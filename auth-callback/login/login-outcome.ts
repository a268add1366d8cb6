import type { NumberEvidence } from '../claims/number-evidence.ts';
import type { AnswerCode } from '../errors.ts';

/**
 * What a decision of the database means for the person at the login (design section 1 and 6).
 *
 * @param evidence of the number; where the provider contradicts itself about it, that nobody was found proves nothing
 * @returns `login`, or what the app is told instead
 */
export function loginOutcome(
  decision: { outcome: string; memberId: string | null },
  evidence: NumberEvidence,
): 'login' | AnswerCode {
  const meaning = meaningOf(decision);
  const contradicts = evidence.status === 'absent' && evidence.inconsistency !== null;
  return meaning === 'member_not_found' && contradicts ? 'temporarily_unavailable' : meaning;
}

function meaningOf({ outcome, memberId }: { outcome: string; memberId: string | null }): 'login' | AnswerCode {
  switch (outcome) {
    case 'filled':
    case 'confirmed':
    case 'conflict':
    case 'duplicate':
    case 'absent':
      return memberId === null ? 'member_not_found' : 'login';
    case 'unlinked':
      return 'member_not_found';
    case 'ambiguous':
      return 'account_ambiguous';
    case 'name_mismatch':
      return 'account_mismatch';
    case 'deferred':
      // Matching failed and will be tried again; who was linked before is let in meanwhile.
      return memberId === null ? 'temporarily_unavailable' : 'login';
    default:
      return 'temporarily_unavailable';
  }
}
