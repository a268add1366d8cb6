import { createHash, randomBytes } from 'node:crypto';
import type { Logger } from '../runtime/logger.ts';
import { exchangeCode, type VerifiedLogin } from './code-exchange.ts';
import { readContactClaims } from './contact-claims.ts';
import type { DatabaseBudget } from './database-budget.ts';
import type { Doors } from './doors.ts';
import { LoginError } from './errors.ts';
import { loginOutcome } from './login-outcome.ts';
import type { NumberEvidence, NumberReader } from './number-evidence.ts';
import type { Observation } from './observation.ts';
import type { ProviderClients } from './provider-client.ts';
import type { ProviderRow } from './provider-row.ts';
import { recordObservation } from './record-observation.ts';
import { redirectUri } from './redirect-uri.ts';
import type { LoginTransaction } from './transaction.ts';
import { askUserinfo, type UserinfoAnswer } from './userinfo.ts';

export interface CompleteLoginOptions {
  publicUrl: string;
  doors: Doors;
  clients: ProviderClients;
  numbers: NumberReader;
}

export interface LoginInFlight {
  row: ProviderRow;
  transaction: LoginTransaction;
  /** The callback's query. */
  sent: URLSearchParams;
  budget: DatabaseBudget;
  log: Logger;
}

/** What became of a login: the app's code, or the error it is told. */
export type CompletedLogin = { code: string; outcome: string } | { error: LoginError; outcome: string };

/**
 * From the provider's answer to a session: verify, ask userinfo, hand the observation over, open the session. The
 * transaction has been consumed.
 *
 * @throws {LoginError} for everything that ends the login before the database has decided
 */
export async function completeLogin(options: CompleteLoginOptions, login: LoginInFlight): Promise<CompletedLogin> {
  const { row, transaction, budget } = login;
  const client = await options.clients.clientFor(row);
  const ownUri = redirectUri(options.publicUrl, row);
  const verified = await exchangeCode(client, row, transaction, login.sent, ownUri);
  const userinfo = await askUserinfo(client, row, verified);
  const evidence = await options.numbers.read(row, verified.claims, userinfo);
  logFindings(login.log, userinfo, evidence);
  const observation = toObservation(login, verified, userinfo, evidence);
  const decision = await recordObservation(options.doors, observation, budget);
  const { outcome } = decision;
  const meaning = loginOutcome(decision);
  if (meaning !== 'login') return { error: new LoginError(`outcome_${outcome}`, meaning), outcome };
  return { code: await openSession(options.doors, login), outcome };
}

function toObservation(
  { row, transaction }: LoginInFlight,
  verified: VerifiedLogin,
  userinfo: UserinfoAnswer,
  evidence: NumberEvidence,
): Observation {
  const userinfoClaims = userinfo.status === 'claims' ? [userinfo.claims] : [];
  return {
    id: transaction.id,
    organization: row.organization,
    provider: row.provider,
    issuer: row.issuer,
    subject: verified.subject,
    authenticatedAt: verified.authenticatedAt,
    acr: verified.acr,
    evidence,
    contact: readContactClaims(row.provider, [...userinfoClaims, verified.claims]),
  };
}

/** What an operator should hear of; the members' ordinary ways (no number given, capture off) are not among it. */
function logFindings(log: Logger, userinfo: UserinfoAnswer, evidence: NumberEvidence): void {
  if (userinfo.status === 'unavailable') {
    log.warn({ event: 'userinfo_unavailable', code: userinfo.code }, 'userinfo could not be used; the login goes on');
  }
  if (evidence.status !== 'absent') return;
  if (evidence.reason === 'malformed') {
    log.error({ event: 'personnummer_malformed', code: 'personnummer_malformed' }, 'the number claim is malformed');
  }
  if (evidence.reason === 'inconsistent') {
    log.error({ event: 'provider_inconsistent', code: evidence.inconsistency }, 'the provider contradicts itself');
  }
}

/** @returns the code for the app; the database gets its hash only */
async function openSession(doors: Doors, { transaction, budget }: LoginInFlight): Promise<string> {
  const code = randomBytes(32).toString('base64url');
  const opening = {
    observationId: transaction.id,
    codeHash: createHash('sha256').update(code).digest(),
    codeChallenge: transaction.appCodeChallenge,
    returnTo: transaction.returnTo,
  };
  let opened: boolean;
  try {
    opened = await budget.spend((ms) => doors.openSession(opening, ms));
  } catch (cause) {
    throw new LoginError('session_not_opened', 'temporarily_unavailable', { cause });
  }
  if (!opened) throw new LoginError('session_refused', 'login_failed');
  return code;
}
