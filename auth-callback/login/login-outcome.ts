import type { Decision } from '../doors.ts';
import type { AnswerCode } from '../errors.ts';

/**
 * What a decision of the database means for the person at the login (design section 1 and 6).
 *
 * @returns `login`, or what the app is told instead
 */
export function loginOutcome({ outcome, memberId }: Pick<Decision, 'outcome' | 'memberId'>): 'login' | AnswerCode {
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
