import { type GivenNumber, indexesOf, type NumberEvidence } from '../claims/number-evidence.ts';
import { LoginError } from '../errors.ts';
import { type LoginEnding, letIn } from '../login/login-ending.ts';
import type { LoginDependencies, LoginInFlight } from '../login/login-in-flight.ts';
import { providerExchange } from '../login/provider-answer.ts';
import { newSecret } from '../new-secret.ts';
import { checkIssuerParameter, exchangeCode } from '../provider/code-exchange.ts';
import { redirectUri } from '../provider/provider-row.ts';
import { userinfoOf } from '../provider/userinfo.ts';
import type { FirstLeg } from '../transaction/transaction.ts';
import { recordAnswer } from './consent-request.ts';

/** What the provider brought back from asking the member. */
type Answer =
  | { status: 'given'; number: GivenNumber | undefined }
  | { status: 'refused' }
  /** The provider failed to ask or to answer: the member is asked again at the next login. */
  | { status: 'unheard'; code: string }
  | { status: 'contradicts'; inconsistency: 'numbers_differ' | 'subject_differs' };

/**
 * The browser comes back from the provider's question. The login itself was recorded before, so it ends well whatever the
 * member answered; only an answer that does not verify, or that is about somebody else, ends it.
 *
 * @throws {LoginError} for what does not verify
 */
export async function completeSecondLeg(
  dependencies: LoginDependencies,
  login: LoginInFlight,
  first: FirstLeg,
): Promise<LoginEnding & { outcome: string; subject: string }> {
  const hear = () => hearAnswer(dependencies, login, first);
  const answer = await dependencies.tracing.span(providerExchange(login.row), hear);
  if (answer.status === 'contradicts') {
    await report(dependencies, login, first, answer.inconsistency);
    const error = new LoginError(`second_leg_${answer.inconsistency}`, 'login_failed');
    return { status: 'refused', error, outcome: first.outcome, subject: first.subject };
  }
  const outcome = (await record(dependencies, login, first, answer)) ?? first.outcome;
  const opening = { observationId: first.observationId, code: newSecret(), app: login.transaction.app };
  const ending = await letIn(dependencies.database, opening, login.budget);
  return { ...ending, outcome, subject: first.subject };
}

async function hearAnswer(dependencies: LoginDependencies, login: LoginInFlight, first: FirstLeg): Promise<Answer> {
  const { row, transaction, sent } = login;
  checkIssuerParameter(sent, transaction.issuer);
  const error = sent.get('error');
  if (error !== null) return refusals.has(error) ? { status: 'refused' } : unheard('provider_error');
  try {
    const client = await dependencies.clients.clientFor(row);
    const response = { sent, redirectUri: redirectUri(dependencies.publicUrl, row) };
    // The level of assurance was the first leg's matter; here nobody authenticates.
    const verified = await exchangeCode(client, { ...row, minimumAcr: null }, transaction, response);
    if (verified.subject !== first.subject) return { status: 'contradicts', inconsistency: 'subject_differs' };
    const userinfo = await userinfoOf(client, verified);
    if (userinfo.status === 'unavailable') return unheard(userinfo.code);
    return compare(await dependencies.numbers.readConsented(row, userinfo), first);
  } catch (error) {
    const outage = error instanceof LoginError && error.answer === 'temporarily_unavailable';
    if (!outage) throw error;
    return unheard(error.code);
  }
}

/** BankID sends a refusal as a plain success without the claim; these are what other providers send. */
const refusals = new Set(['access_denied', 'consent_required']);

function compare(evidence: NumberEvidence, first: FirstLeg): Answer {
  if (evidence.status === 'given') {
    const indexes = indexesOf(evidence);
    const agrees = first.indexes.length === 0 || first.indexes.some((index) => indexes.includes(index));
    return agrees ? { status: 'given', number: evidence } : { status: 'contradicts', inconsistency: 'numbers_differ' };
  }
  if (evidence.inconsistency !== null) return { status: 'contradicts', inconsistency: evidence.inconsistency };
  if (evidence.reason === 'not_given') return { status: 'refused' };
  // The member said yes; that the provider then sent something we do not take is no refusal.
  return evidence.reason === 'capture_off' ? unheard('capture_off') : { status: 'given', number: undefined };
}

async function record(
  dependencies: LoginDependencies,
  { row, budget, log }: LoginInFlight,
  first: FirstLeg,
  answer: Exclude<Answer, { status: 'contradicts' }>,
): Promise<string | undefined> {
  if (answer.status === 'unheard') {
    log.warn({ event: 'consent_not_heard', code: answer.code }, 'no answer to the question for consent');
    return undefined;
  }
  const given = answer.status === 'given';
  const number = given ? answer.number : undefined;
  const evidence = { by: 'provider', provider: row.provider, scope: row.consentScope ?? '' };
  return recordAnswer(
    dependencies.database,
    { observationId: first.observationId, given, evidence, number },
    budget,
    log,
  );
}

async function report(
  { database }: LoginDependencies,
  { budget, log }: LoginInFlight,
  { observationId }: FirstLeg,
  inconsistency: 'numbers_differ' | 'subject_differs',
): Promise<void> {
  log.error({ event: 'provider_inconsistent', code: inconsistency }, 'the second leg contradicts the first');
  await database
    .reportInconsistency(observationId, inconsistency, budget)
    .catch((err: unknown) => log.error({ event: 'inconsistency_not_reported', err }, 'no case could be opened'));
}

function unheard(code: string): Answer {
  return { status: 'unheard', code };
}
