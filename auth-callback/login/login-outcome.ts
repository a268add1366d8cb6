import type { NumberEvidence } from '../claims/number-evidence.ts';
import type { Decision } from '../doors.ts';
import type { AnswerCode } from '../errors.ts';

/**
 * What a decision of the database means for the person at the login. Who could be a stranger to the member
 * that the login points at hears what somebody hears whom no member matches.
 *
 * @param evidence of the number; where the provider contradicts itself about it, that nobody was found proves nothing
 * @returns `login`, or what the app is told instead
 */
export function loginOutcome(decision: Decided, evidence: NumberEvidence): 'login' | AnswerCode {
  const meaning = meaningOf(decision);
  const contradicts = evidence.status === 'absent' && evidence.inconsistency !== null;
  return meaning === 'member_not_found' && contradicts ? 'temporarily_unavailable' : meaning;
}

type Decided = Pick<Decision, 'memberId' | 'told'> & { outcome: string };

function meaningOf({ outcome, memberId, told }: Decided): 'login' | AnswerCode {
  switch (outcome) {
    case 'filled':
    case 'confirmed':
    case 'conflict':
    case 'duplicate':
    case 'absent':
      return memberId === null ? 'member_not_found' : 'login';
    case 'proposed':
      // Nothing is decided: whether the login becomes anybody's turns out when the session that asked redeems the code.
      return 'login';
    case 'unlinked':
      return 'member_not_found';
    case 'ambiguous':
      return told ? 'account_ambiguous' : 'member_not_found';
    case 'name_mismatch':
      return told ? 'account_mismatch' : 'member_not_found';
    case 'deferred':
      // Matching failed and will be tried again; who was linked before is let in meanwhile.
      return memberId === null ? 'temporarily_unavailable' : 'login';
    default:
      return 'temporarily_unavailable';
  }
}
