import type { Logger } from '../../runtime/logger.ts';
import type { NumberEvidence } from '../claims/number-evidence.ts';
import type { ConsentQuestion } from '../consent/consent-question.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { Decision, LoginDatabase, SessionOpening } from '../database/login-database.ts';
import { type AnswerCode, LoginError } from '../errors.ts';
import type { AppAnswer } from '../http/answers.ts';
import type { Metrics } from '../http/metrics.ts';

/** What became of a login: the app's code, the error it is told, or a question to the member first. */
export type LoginEnding =
  | { status: 'let_in'; code: string }
  | { status: 'refused'; error: LoginError }
  | { status: 'asked'; question: ConsentQuestion };

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

type Decided = Pick<Decision, 'outcome' | 'memberId' | 'told'>;

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

/** Opens the session that the code stands for. */
export async function letIn(
  database: LoginDatabase,
  opening: SessionOpening,
  budget: DatabaseBudget,
): Promise<Exclude<LoginEnding, { status: 'asked' }>> {
  try {
    const opened = await database.openSession(opening, budget);
    return opened ? { status: 'let_in', code: opening.code } : sessionRefused();
  } catch (cause) {
    return { status: 'refused', error: new LoginError('session_not_opened', 'temporarily_unavailable', { cause }) };
  }
}

/** That observation gives no login, or gave one before. */
export function sessionRefused(): { status: 'refused'; error: LoginError } {
  return { status: 'refused', error: new LoginError('session_refused', 'login_failed') };
}

/** What the app is told. */
export function answerOf(ending: Exclude<LoginEnding, { status: 'asked' }>): AppAnswer {
  return ending.status === 'let_in' ? { code: ending.code } : { error: ending.error.answer };
}

/** One line, and one count, for each request in which a login came to an end, or to a question. */
export function reportLogin(
  metrics: Metrics,
  log: Logger,
  ending: LoginEnding & { outcome: string },
  at: { organization: string; provider: string; startedAt: number },
): void {
  const { outcome } = ending;
  const durationMs = Math.round(performance.now() - at.startedAt);
  const answer = { let_in: 'code', asked: 'question', refused: '' }[ending.status];
  const told = ending.status === 'refused' ? ending.error.answer : answer;
  metrics.login({ organization: at.organization, provider: at.provider, outcome, answer: told });
  const line = { event: 'login_finished', outcome, duration_ms: durationMs, answer: told };
  if (ending.status !== 'refused') {
    log.info(line, 'login finished');
    return;
  }
  const { code, cause } = ending.error;
  if (cause === undefined) log.info({ ...line, code }, 'login finished');
  else log.warn({ ...line, code, err: cause }, 'login finished');
}
