import { randomUUID } from 'node:crypto';
import { longestCookieValue } from '../../runtime/http/bound-cookie.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { chooseLocale } from '../../runtime/language.ts';
import { indexesOf } from '../claims/number-evidence.ts';
import type { Observation } from '../database/login-database.ts';
import { codeOf, LoginError } from '../errors.ts';
import type { LoginDependencies, LoginInFlight } from '../login/login-in-flight.ts';
import { newSecret } from '../new-secret.ts';
import { type AuthorizationRequest, consentRequest } from '../provider/authorization-request.ts';
import { redirectUri } from '../provider/provider-row.ts';
import { type LoginTransaction, transactionCookie, transactionLifetime } from '../transaction/transaction.ts';
import { onwardPage, pagePolicy, policySource } from './consent-page.ts';
import { consentCookie, consentLifetime } from './consent-request.ts';

/** What the browser is sent to before it may go back to the app; `sealed` is for the cookie that `key` names. */
export type ConsentQuestion =
  | { by: 'own_page'; key: string; sealed: string }
  | { by: 'provider'; key: string; sealed: string; request: AuthorizationRequest };

/** A login that was recorded, and waits for its member's answer. */
interface WaitingLogin {
  observation: Observation;
  outcome: string;
  /** For the provider's hint. Holds the number where the provider puts it there. */
  idToken: string | undefined;
}

/**
 * Whether the number may be stored is asked as the row's `consent_mode` says.
 *
 * @returns undefined where there is nothing to ask, or nobody can be asked now: the login then goes on without
 */
export async function consentQuestion(
  dependencies: LoginDependencies,
  login: LoginInFlight,
  waiting: WaitingLogin,
): Promise<ConsentQuestion | undefined> {
  try {
    const ask = { own: askOurselves, provider: askProvider }[login.row.consentMode];
    return await ask?.(dependencies, login, waiting);
  } catch (error) {
    login.log.warn({ event: 'consent_not_asked', code: codeOf(error), err: error }, 'consent could not be asked for');
    return undefined;
  }
}

async function askOurselves(
  { consents }: LoginDependencies,
  { transaction }: LoginInFlight,
  { observation: { subject, evidence }, outcome }: WaitingLogin,
): Promise<ConsentQuestion | undefined> {
  if (evidence.status !== 'given') return undefined;
  const { id: observationId, organization, provider, app } = transaction;
  const key = newSecret();
  const sealed = await consents.seal({
    id: key,
    observationId,
    outcome,
    subject,
    organization,
    provider,
    number: evidence,
    app,
    code: newSecret(),
    startedAt: nowInSeconds(),
  });
  return { by: 'own_page', key, sealed: fitting(sealed) };
}

async function askProvider(
  { clients, publicUrl, sealer }: LoginDependencies,
  { row, transaction: first }: LoginInFlight,
  { observation: { subject, evidence }, outcome, idToken }: WaitingLogin,
): Promise<ConsentQuestion | undefined> {
  if (idToken === undefined || row.consentScope === null) return undefined;
  const transaction: LoginTransaction = {
    ...first,
    id: randomUUID(),
    nonce: newSecret(),
    state: newSecret(),
    codeVerifier: newSecret(),
    startedAt: nowInSeconds(),
    firstLeg: { observationId: first.id, outcome, subject, indexes: indexesOf(evidence) },
  };
  const sealed = fitting(await sealer.seal(transaction));
  const sending = { redirectUri: redirectUri(publicUrl, row), idTokenHint: idToken };
  const request = await consentRequest(await clients.clientFor(row), row, transaction, sending);
  return { by: 'provider', key: transaction.state, sealed, request };
}

/** Sends the browser to whoever asks for consent; what the question hangs on goes into its cookie. */
export async function sendQuestion(
  c: AppContext,
  publicUrl: string,
  { row, transaction }: LoginInFlight,
  question: ConsentQuestion,
): Promise<Response> {
  const { key, sealed } = question;
  if (question.by === 'own_page') {
    consentCookie.write(c, key, sealed, consentLifetime);
    const page = `${publicUrl}/consent/${row.organization}/${row.provider}`;
    return c.redirect(`${page}?request=${encodeURIComponent(key)}`, 302);
  }
  transactionCookie.write(c, key, sealed, transactionLifetime);
  const { request } = question;
  if (request.method === 'redirect') return c.redirect(request.url.href, 302);
  // Wherever the provider leads before it asks is not known here; the last step is the app's address.
  const onward = [`${request.action.protocol}`, "'self'", policySource(transaction.app.returnTo)];
  c.header('content-security-policy', pagePolicy(onward));
  return c.html(onwardPage(row, request, chooseLocale(undefined, c.req.header('accept-language'))));
}

/** A long address of the app and a long state of its own may leave no room for the rest. */
function fitting(sealed: string): string {
  if (sealed.length > longestCookieValue) throw new LoginError('consent_request_too_long', 'temporarily_unavailable');
  return sealed;
}

function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
