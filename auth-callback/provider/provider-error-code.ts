import { LoginError } from '../errors.ts';

/**
 * The errors a provider may send the browser back with (RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section
 * 3.1.2.6, and Vipps' own), and what the app is told. The list is open-ended: whatever is not here counts as a refusal
 * by the person.
 */
const answers = new Map<string, LoginError['answer']>([
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
  const answer = answers.get(error);
  return new LoginError(`provider_error_${answer === undefined ? 'unknown' : error}`, answer ?? 'access_denied');
}
