import { randomBytes, randomUUID } from 'node:crypto';
import { indexesOf, type NumberEvidence } from '../claims/number-evidence.ts';
import { codeOf, LoginError } from '../errors.ts';
import type { LoginInFlight, LoginParts } from '../login/login-in-flight.ts';
import { type AuthorizationRequest, consentRequest } from '../provider/authorization-request.ts';
import type { VerifiedLogin } from '../provider/code-exchange.ts';
import { redirectUri } from '../provider/redirect-uri.ts';
import { createCode } from '../session/open-session.ts';
import { longestCookieValue } from '../transaction/bound-cookie.ts';
import type { LoginTransaction } from '../transaction/transaction.ts';

/** What the browser is sent to before it may go back to the app; `sealed` is for the cookie that `key` names. */
export type ConsentQuestion =
  | { by: 'own_page'; key: string; sealed: string }
  | { by: 'provider'; key: string; sealed: string; request: AuthorizationRequest };

/** A login that was recorded, and waits for its member's answer. */
interface WaitingLogin {
  verified: VerifiedLogin;
  evidence: NumberEvidence;
  outcome: string;
}

/**
 * Whether the number may be stored is asked as the row's `consent_mode` says.
 *
 * @returns undefined where there is nothing to ask, or nobody can be asked now: the login then goes on without
 */
export async function consentQuestion(
  parts: LoginParts,
  login: LoginInFlight,
  waiting: WaitingLogin,
): Promise<ConsentQuestion | undefined> {
  try {
    const ask = { own: askOurselves, provider: askProvider }[login.row.consentMode];
    return await ask?.(parts, login, waiting);
  } catch (error) {
    login.log.warn({ event: 'consent_not_asked', code: codeOf(error), err: error }, 'consent could not be asked for');
    return undefined;
  }
}

async function askOurselves(
  { consents }: LoginParts,
  { transaction }: LoginInFlight,
  { verified: { subject }, evidence, outcome }: WaitingLogin,
): Promise<ConsentQuestion | undefined> {
  if (evidence.status !== 'given') return undefined;
  const { id: observationId, organization, provider, returnTo, appState, appCodeChallenge } = transaction;
  const key = randomBytes(32).toString('base64url');
  const sealed = await consents.seal({
    id: key,
    observationId,
    outcome,
    subject,
    organization,
    provider,
    number: evidence,
    returnTo,
    appState,
    appCodeChallenge,
    code: createCode(),
    startedAt: nowInSeconds(),
  });
  return { by: 'own_page', key, sealed: fitting(sealed) };
}

async function askProvider(
  { clients, publicUrl, sealer }: LoginParts,
  { row, transaction: first }: LoginInFlight,
  { verified, evidence, outcome }: WaitingLogin,
): Promise<ConsentQuestion | undefined> {
  const { idToken, subject } = verified;
  if (idToken === undefined || row.consentScope === null) return undefined;
  const fresh = () => randomBytes(32).toString('base64url');
  const transaction: LoginTransaction = {
    ...first,
    id: randomUUID(),
    nonce: fresh(),
    state: fresh(),
    codeVerifier: fresh(),
    startedAt: nowInSeconds(),
    firstLeg: { observationId: first.id, outcome, subject, indexes: indexesOf(evidence) },
  };
  const sealed = fitting(await sealer.seal(transaction));
  const sending = { redirectUri: redirectUri(publicUrl, row), idTokenHint: idToken };
  const request = await consentRequest(await clients.clientFor(row), row, transaction, sending);
  return { by: 'provider', key: transaction.state, sealed, request };
}

/** A long address of the app and a long state of its own may leave no room for the rest. */
function fitting(sealed: string): string {
  if (sealed.length > longestCookieValue) throw new LoginError('consent_request_too_long', 'temporarily_unavailable');
  return sealed;
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
