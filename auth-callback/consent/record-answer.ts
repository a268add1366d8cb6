import type { Logger } from '../../runtime/logger.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import { repeatOnce } from '../database/repeat-once.ts';
import type { ConsentAnswer, Doors } from '../doors.ts';
import { codeOf } from '../errors.ts';

/**
 * Stores a member's answer. Repeated once when the connection breaks: a second answer changes nothing.
 *
 * @returns what the login has come to; undefined when the answer could not be stored, which is no reason to keep the
 *   member out: the question comes again at the next login
 */
export async function recordAnswer(
  doors: Doors,
  answer: ConsentAnswer,
  budget: DatabaseBudget,
  log: Logger,
): Promise<string | undefined> {
  try {
    const decision = await repeatOnce(() => budget.spend((ms) => doors.recordConsent(answer, ms)));
    log.info({ event: 'consent_answered', given: answer.given, outcome: decision.outcome }, 'consent answered');
    return decision.outcome;
  } catch (err) {
    log.error({ event: 'consent_not_recorded', code: codeOf(err), err }, 'the answer could not be stored');
    return undefined;
  }
}
