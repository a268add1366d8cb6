/**
 * What the app is told in `error=`: OAuth codes (RFC 6749 section 4.1.2.1, OpenID Connect Core 1.0 section
 * 3.1.2.6) and the five of our own. Nothing else
 * about a failure leaves the process.
 */
export type AnswerCode =
  | 'invalid_request'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'login_required'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'login_failed'
  | 'member_not_found'
  | 'account_ambiguous'
  | 'account_mismatch'
  | 'coordinator_not_found';

/**
 * A login that ends with an error for the app.
 *
 * `code` is the stable reason for the log (never a value); `answer` is what the app is told.
 */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly code: string;
  readonly answer: AnswerCode;

  constructor(code: string, answer: AnswerCode, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.answer = answer;
  }
}

/** Whatever else goes wrong once we know where to send the browser is no reason to leave the person on our page. */
export function asLoginError(error: unknown): LoginError {
  if (error instanceof LoginError) return error;
  return new LoginError('unexpected', 'temporarily_unavailable', { cause: error });
}

/** A request that gets a plain page and no redirect, because nothing vouches for where it should be sent. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly code: string;
  readonly status: 400 | 404 | 503;

  constructor(code: string, status: 400 | 404 | 503) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

/** The stable code of anything thrown, for a log line: never a message, because messages may quote what failed. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown';
}
