import type { Logger } from '../../runtime/logger.ts';
import { readContactClaims } from '../claims/contact-claims.ts';
import type { NumberEvidence } from '../claims/number-evidence.ts';
import { consentQuestion } from '../consent/consent-question.ts';
import type { Decision, Doors } from '../doors.ts';
import { LoginError } from '../errors.ts';
import { evenTime } from '../http/even-time.ts';
import { exchangeCode, type VerifiedLogin } from '../provider/code-exchange.ts';
import { redirectUri } from '../provider/redirect-uri.ts';
import { askUserinfo, type UserinfoAnswer } from '../provider/userinfo.ts';
import { createCode, type NewSession, openSession, toOpening } from '../session/open-session.ts';
import type { CompletedLogin, LoginEnding, LoginInFlight, LoginParts } from './login-in-flight.ts';
import { loginOutcome } from './login-outcome.ts';
import type { Observation } from './observation.ts';
import { recordObservation } from './record-observation.ts';

/** Everything the provider has said about a login, verified. */
interface ProviderWord {
  verified: VerifiedLogin;
  userinfo: UserinfoAnswer;
  evidence: NumberEvidence;
}

/**
 * From the provider's answer to a session: verify, ask userinfo, hand the observation over, open the session, or ask the
 * member for consent first.
 *
 * @throws {LoginError} for everything that ends the login before the database has decided
 */
export async function completeLogin(parts: LoginParts, login: LoginInFlight): Promise<CompletedLogin> {
  const word = await hearProvider(parts, login);
  logFindings(login.log, word);
  const { id: observationId, appCodeChallenge: codeChallenge, returnTo } = login.transaction;
  const session = { observationId, code: createCode(), codeChallenge, returnTo };
  const even = evenTime();
  const decision = await recordObservation(parts.doors, toObservation(login, word), toOpening(session), login.budget);
  const { outcome } = decision;
  const meaning =
    outcome === undefined ? 'temporarily_unavailable' : loginOutcome({ ...decision, outcome }, word.evidence);
  // What a stranger is answered must not take longer where there is a member whom a coordinator is to be asked about.
  if (meaning !== 'login') await even.comes();
  if (outcome === undefined) throw new LoginError('evidence_missing', 'temporarily_unavailable');
  const ending = await actOn(parts, login, word, { ...decision, outcome }, session);
  return { ...ending, outcome, subject: word.verified.subject };
}

async function hearProvider(parts: LoginParts, login: LoginInFlight): Promise<ProviderWord> {
  const { row, transaction, sent } = login;
  const client = await parts.clients.clientFor(row);
  const response = { sent, redirectUri: redirectUri(parts.publicUrl, row) };
  const verified = await exchangeCode(client, row, transaction, response);
  const userinfo = await askUserinfo(client, row, verified);
  const { claims, lookup } = verified;
  return { verified, userinfo, evidence: await parts.numbers.read(row, { idToken: claims, userinfo, lookup }) };
}

async function actOn(
  parts: LoginParts,
  login: LoginInFlight,
  { verified, evidence }: ProviderWord,
  decision: Decision & { outcome: string },
  session: NewSession,
): Promise<LoginEnding> {
  const meaning = loginOutcome(decision, evidence);
  if (meaning !== 'login') {
    return { status: 'refused', error: new LoginError(`outcome_${decision.outcome}`, meaning) };
  }
  if (decision.askConsent) {
    const question = await consentQuestion(parts, login, { verified, evidence, outcome: decision.outcome });
    if (question !== undefined) return { status: 'asked', question };
  }
  const opened = await isOpened(parts.doors, login, decision.session, session);
  if (!opened) return { status: 'refused', error: new LoginError('session_refused', 'login_failed') };
  return { status: 'let_in', code: session.code };
}

/** Nearly always the database has opened the session along with the decision. */
function isOpened(
  doors: Doors,
  { budget, log }: LoginInFlight,
  sofar: Decision['session'],
  session: NewSession,
): Promise<boolean> | boolean {
  if (sofar === 'opened' || sofar === 'refused') return sofar === 'opened';
  if (sofar !== 'not_now') log.warn({ event: 'session_not_opened_at_once', code: sofar }, 'it is tried once more');
  return openSession(doors, session, budget);
}

function toObservation({ row, transaction }: LoginInFlight, word: ProviderWord): Observation {
  const { verified, userinfo, evidence } = word;
  const sources = [userinfo, verified.lookup].flatMap((answer) => (answer.status === 'claims' ? [answer.claims] : []));
  return {
    id: transaction.id,
    organization: row.organization,
    provider: row.provider,
    issuer: row.issuer,
    subject: verified.subject,
    authenticatedAt: verified.authenticatedAt,
    issuedAt: verified.issuedAt,
    acr: verified.acr,
    linkSessionId: transaction.linkSessionId,
    evidence,
    evidenceMissing: [userinfo, verified.lookup].some(({ status }) => status === 'unavailable'),
    contact: readContactClaims(row.provider, [...sources, verified.claims]),
  };
}

/** What an operator should hear of; the members' ordinary ways (no number given, capture off) are not among it. */
function logFindings(log: Logger, { userinfo, verified: { lookup }, evidence }: ProviderWord): void {
  if (userinfo.status === 'unavailable') {
    log.warn({ event: 'userinfo_unavailable', code: userinfo.code }, 'userinfo could not be used; the login goes on');
  }
  if (lookup.status === 'unavailable') {
    log.warn(
      { event: 'token_lookup_unavailable', code: lookup.code },
      'the token was not looked up; the login goes on',
    );
  }
  if (evidence.status !== 'absent') return;
  if (evidence.reason === 'malformed') {
    log.error({ event: 'personnummer_malformed', code: 'personnummer_malformed' }, 'the number claim is malformed');
  }
  if (evidence.reason === 'inconsistent') {
    log.error({ event: 'provider_inconsistent', code: evidence.inconsistency }, 'the provider contradicts itself');
  }
}
