import { ResponseBodyError } from 'openid-client';
import { OutboundError } from '../../runtime/guarded-fetch.ts';
import { type AnswerCode, codeOf, LoginError } from '../errors.ts';

/** The provider is down, slow or unreachable; what it sent was not wrong, there was nothing to verify. */
const outage: AnswerCode = 'temporarily_unavailable';

/**
 * What an error of openid-client means for the login. Only its codes are read: messages and causes hold tokens and claims.
 *
 * @returns a stable code for the log, and what the app is told: `temporarily_unavailable` when the provider could not
 *   answer or does not know us, `login_failed` when its answer does not verify
 */
export function answerToProviderError(error: unknown): { code: string; answer: AnswerCode } {
  for (const each of chainOf(error)) {
    if (each instanceof LoginError) return { code: each.code, answer: each.answer };
    if (each instanceof OutboundError) return { code: `provider_${each.code}`, answer: outage };
    if (each instanceof ResponseBodyError) return answerToErrorBody(each);
    if (each instanceof Response && isOutage(each.status)) {
      return { code: `provider_answered_${each.status}`, answer: outage };
    }
  }
  const code = codeOf(error);
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT') return { code: 'provider_timeout', answer: outage };
  // 401 at the token endpoint: the provider does not accept our credentials.
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') return { code: 'provider_refused_client', answer: outage };
  return { code, answer: 'login_failed' };
}

/** RFC 6749 section 5.2. The code is the provider's text, so only known ones are repeated. */
function answerToErrorBody({ error, status }: ResponseBodyError): { code: string; answer: AnswerCode } {
  if (error === 'invalid_client' || error === 'unauthorized_client') {
    return { code: 'provider_refused_client', answer: outage };
  }
  if (isOutage(status)) return { code: `provider_answered_${status}`, answer: outage };
  return {
    code: error === 'invalid_grant' ? 'provider_refused_code' : 'provider_refused_request',
    answer: 'login_failed',
  };
}

function isOutage(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  let next = error;
  while (next !== undefined && next !== null && chain.length < 10) {
    chain.push(next);
    next = next instanceof Error ? next.cause : undefined;
  }
  return chain;
}

/**
 * The errors a provider may send the browser back with (RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section
 * 3.1.2.6, and Vipps' own), and what the app is told. The list is open-ended: whatever is not here counts as a refusal
 * by the person.
 */
const answersToRedirect = new Map<string, AnswerCode>([
  ['access_denied', 'access_denied'],
  ['unknown_reject_reason', 'access_denied'],
  ['wrong_challenge', 'access_denied'],
  ['outdated_app_version', 'access_denied'],
  ['login_required', 'login_failed'],
  ['interaction_required', 'login_failed'],
  ['consent_required', 'login_failed'],
  ['account_selection_required', 'login_failed'],
  ['server_error', 'temporarily_unavailable'],
  ['temporarily_unavailable', 'temporarily_unavailable'],
  // From here on our own configuration, or our agreement with the provider, is at fault.
  ['invalid_request', 'server_error'],
  ['invalid_scope', 'server_error'],
  ['unauthorized_client', 'server_error'],
  ['unsupported_response_type', 'server_error'],
  ['request_not_supported', 'server_error'],
  ['invalid_app_callback_uri', 'server_error'],
  ['app_callback_uri_not_registered', 'server_error'],
]);

/** @param error the `error` parameter; an unknown one is not repeated, because it is text from outside */
export function providerError(error: string): LoginError {
  const answer = answersToRedirect.get(error);
  return new LoginError(`provider_error_${answer === undefined ? 'unknown' : error}`, answer ?? 'access_denied');
}
