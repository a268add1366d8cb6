import type { Logger } from '../../runtime/logger.ts';
import { consentQuestion } from '../consent/consent-question.ts';
import type { DatabaseBudget } from '../database/database-budget.ts';
import type { Decision, Observation, SessionOpening } from '../database/login-database.ts';
import { LoginError } from '../errors.ts';
import { startBeat } from '../http/even-time.ts';
import { newSecret } from '../new-secret.ts';
import { isStaff } from '../provider/provider-row.ts';
import { type LoginEnding, letIn, loginOutcome, sessionRefused } from './login-ending.ts';
import type { LoginDependencies, LoginInFlight } from './login-in-flight.ts';
import { hearProvider, type ProviderAnswer, providerExchange } from './provider-answer.ts';
import { signIn } from './sign-in.ts';

/**
 * From the provider's answer to a session. Up to here every login is the same; what becomes of it depends on whose it is.
 *
 * @returns the ending, and what it says of the record of this subject
 * @throws {LoginError} for everything that ends the login before the database has decided
 */
export async function completeLogin(
  dependencies: LoginDependencies,
  login: LoginInFlight,
): Promise<LoginEnding & { outcome: string; subject: string }> {
  const heard = await dependencies.tracing.span(providerExchange(login.row), () => hearProvider(dependencies, login));
  return isStaff(login.row) ? signIn(dependencies, login, heard) : letMemberIn(dependencies, login, heard);
}

/**
 * A member's login: hand the observation over, open the session, or ask the member for consent first.
 *
 * An observation that cannot be handed over is lost together with the login: without the database there is no session
 * either, so the person logs in again and the number passes by again. It is never parked anywhere outside the database.
 */
async function letMemberIn(
  dependencies: LoginDependencies,
  login: LoginInFlight,
  heard: ProviderAnswer,
): Promise<LoginEnding & { outcome: string; subject: string }> {
  const { transaction, budget } = login;
  const observation = await observe(dependencies, login, heard);
  const opening = { observationId: observation.id, code: newSecret(), app: transaction.app };
  const beat = startBeat();
  const decision = await handOver(dependencies, observation, opening, budget);
  const { outcome } = decision;
  const meaning = loginOutcome(decision, observation.evidence);
  // What a stranger is answered must not take longer where there is a member whom a coordinator is to be asked about.
  if (meaning !== 'login') await beat.next();
  if (outcome === null) throw new LoginError('evidence_missing', 'temporarily_unavailable');
  const answer = { outcome, subject: observation.subject };
  if (meaning !== 'login') {
    return { ...answer, status: 'refused', error: new LoginError(`outcome_${outcome}`, meaning) };
  }
  if (decision.askConsent) {
    const question = await consentQuestion(dependencies, login, {
      observation,
      outcome,
      idToken: heard.verified.idToken,
    });
    if (question !== undefined) return { ...answer, status: 'asked', question };
  }
  return { ...answer, ...(await openedSession(dependencies, login, decision, opening)) };
}

/** The database decides. What follows from it there, now or later, belongs to this step's trace. */
function handOver(
  { database, tracing }: LoginDependencies,
  observation: Observation,
  opening: SessionOpening,
  budget: DatabaseBudget,
): Promise<Decision> {
  const attributes = {
    'db.system.name': 'postgresql',
    'db.stored_procedure.name': 'login.record_observation',
  } as const;
  return tracing.span({ name: 'login.record_observation', kind: 'client', attributes }, async (span) => {
    const traced = { ...observation, traceparent: tracing.traceparent() };
    const decision = await database.recordObservation(traced, opening, budget).catch((cause: unknown) => {
      throw new LoginError('observation_not_recorded', 'temporarily_unavailable', { cause });
    });
    if (decision.outcome !== null) span.set({ 'personnummer_sync.outcome': decision.outcome });
    return decision;
  });
}

/** What the provider says about a member's login, as the one row that is handed to the database. */
async function observe(
  { numbers }: LoginDependencies,
  { row, transaction, log }: LoginInFlight,
  { verified, userinfo, contact }: ProviderAnswer,
): Promise<Observation> {
  const { subject, authenticatedAt, issuedAt, acr, claims, lookup } = verified;
  const evidence = await numbers.read(row, { idToken: claims, userinfo, lookup });
  const observation: Observation = {
    id: transaction.id,
    organization: row.organization,
    provider: row.provider,
    issuer: row.issuer,
    subject,
    authenticatedAt,
    issuedAt,
    acr,
    linkSessionId: transaction.linkSessionId,
    evidence,
    evidenceMissing: [userinfo, lookup].some(({ status }) => status === 'unavailable'),
    contact,
  };
  warnOfNumber(log, observation);
  return observation;
}

/** What an operator should hear of; the members' ordinary ways (no number given, capture off) are not among it. */
function warnOfNumber(log: Logger, { evidence }: Observation): void {
  if (evidence.status !== 'absent') return;
  if (evidence.reason === 'malformed') {
    log.error({ event: 'personnummer_malformed', code: 'personnummer_malformed' }, 'the number claim is malformed');
  }
  if (evidence.reason === 'inconsistent') {
    log.error({ event: 'provider_inconsistent', code: evidence.inconsistency }, 'the provider contradicts itself');
  }
}

/** Nearly always the database has opened the session along with the decision. */
async function openedSession(
  { database }: LoginDependencies,
  { budget, log }: LoginInFlight,
  { session }: Decision,
  opening: SessionOpening,
): Promise<LoginEnding> {
  if (session === 'opened') return { status: 'let_in', code: opening.code };
  if (session === 'refused') return sessionRefused();
  if (session !== 'not_now') log.warn({ event: 'session_not_opened_at_once', code: session }, 'it is tried once more');
  return letIn(database, opening, budget);
}
