import type { Logger } from '../../runtime/logger.ts';
import { readContactClaims } from '../claims/contact-claims.ts';
import { consentQuestion } from '../consent/consent-question.ts';
import type { Decision, Observation, SessionOpening } from '../database/login-database.ts';
import { LoginError } from '../errors.ts';
import { evenTime } from '../http/even-time.ts';
import { newSecret } from '../new-secret.ts';
import { exchangeCode, type VerifiedLogin } from '../provider/code-exchange.ts';
import { redirectUri } from '../provider/provider-row.ts';
import { askUserinfo } from '../provider/userinfo.ts';
import { type LoginEnding, letIn, loginOutcome, sessionRefused } from './login-ending.ts';
import type { LoginDependencies, LoginInFlight } from './login-in-flight.ts';

/**
 * From the provider's answer to a session: verify, ask userinfo, hand the observation over, open the session, or ask the
 * member for consent first.
 *
 * An observation that cannot be handed over is lost together with the login: without the database there is no session
 * either, so the person logs in again and the number passes by again. It is never parked anywhere outside the database.
 *
 * @returns the ending, and what it says of the record of this subject
 * @throws {LoginError} for everything that ends the login before the database has decided
 */
export async function completeLogin(
  dependencies: LoginDependencies,
  login: LoginInFlight,
): Promise<LoginEnding & { outcome: string; subject: string }> {
  const { transaction, budget } = login;
  const { verified, observation } = await observe(dependencies, login);
  const { appCodeChallenge: codeChallenge, returnTo } = transaction;
  const opening = { observationId: observation.id, code: newSecret(), codeChallenge, returnTo };
  const even = evenTime();
  const decision = await dependencies.database
    .recordObservation(observation, opening, budget)
    .catch((cause: unknown) => {
      throw new LoginError('observation_not_recorded', 'temporarily_unavailable', { cause });
    });
  const { outcome } = decision;
  const meaning = loginOutcome(decision, observation.evidence);
  // What a stranger is answered must not take longer where there is a member whom a coordinator is to be asked about.
  if (meaning !== 'login') await even.comes();
  if (outcome === null) throw new LoginError('evidence_missing', 'temporarily_unavailable');
  const answer = { outcome, subject: observation.subject };
  if (meaning !== 'login') {
    return { ...answer, status: 'refused', error: new LoginError(`outcome_${outcome}`, meaning) };
  }
  if (decision.askConsent) {
    const question = await consentQuestion(dependencies, login, { observation, outcome, idToken: verified.idToken });
    if (question !== undefined) return { ...answer, status: 'asked', question };
  }
  return { ...answer, ...(await openedSession(dependencies, login, decision, opening)) };
}

/** Everything the provider says about this login, verified, as the one row that is handed to the database. */
async function observe(
  { clients, numbers, publicUrl }: LoginDependencies,
  { row, transaction, sent, log }: LoginInFlight,
): Promise<{ verified: VerifiedLogin; observation: Observation }> {
  const client = await clients.clientFor(row);
  const response = { sent, redirectUri: redirectUri(publicUrl, row) };
  const verified = await exchangeCode(client, row, transaction, response);
  const userinfo = await askUserinfo(client, row, verified);
  const { subject, authenticatedAt, issuedAt, acr, claims, lookup } = verified;
  const evidence = await numbers.read(row, { idToken: claims, userinfo, lookup });
  const answers = [userinfo, lookup];
  const sources = answers.flatMap((answer) => (answer.status === 'claims' ? [answer.claims] : []));
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
    evidenceMissing: answers.some(({ status }) => status === 'unavailable'),
    contact: readContactClaims(row.provider, [...sources, claims]),
  };
  if (userinfo.status === 'unavailable') {
    log.warn({ event: 'userinfo_unavailable', code: userinfo.code }, 'userinfo could not be used; the login goes on');
  }
  if (lookup.status === 'unavailable') {
    log.warn(
      { event: 'token_lookup_unavailable', code: lookup.code },
      'the token was not looked up; the login goes on',
    );
  }
  warnOfNumber(log, observation);
  return { verified, observation };
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
