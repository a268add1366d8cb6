import { type Parameters, readParameters } from '../http/parameters.ts';

/** A start that may go on to the provider. */
export interface LoginRequest {
  returnTo: string;
  state: string;
  codeChallenge: string;
  /** Undefined: an ordinary login. Otherwise the member asks for this login to be linked. */
  link: { token: string | undefined } | undefined;
}

/**
 * `page`: nothing vouches for where to send the browser. `refused`: the app's own registered URL gets `invalid_request`,
 * with its state where there was exactly one.
 */
export type LoginRequestReading =
  | { status: 'good'; request: LoginRequest }
  | { status: 'page' }
  | { status: 'refused'; returnTo: string; state: string | undefined };

/** What the cookie can hold, see `longestCookieValue`. */
const longestReturnTo = 1000;

/**
 * Judges the app's request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
 *
 * @param sent the query
 * @param registered the organisation's URLs; compared as exact strings (RFC 9700 section 4.1)
 */
export function readLoginRequest(sent: URLSearchParams, registered: string[]): LoginRequestReading {
  const parameters = readParameters(sent);
  const returnTo = parameters.get('return_to');
  if (returnTo === undefined || !registered.includes(returnTo) || returnTo.length > longestReturnTo) {
    return { status: 'page' };
  }
  const state = readState(parameters.get('state'));
  const codeChallenge = readChallenge(parameters.get('code_challenge'), parameters.get('code_challenge_method'));
  const link = readIntent(parameters);
  if (parameters.duplicated || state === undefined || codeChallenge === undefined || link === 'unknown') {
    return { status: 'refused', returnTo, state };
  }
  return { status: 'good', request: { returnTo, state, codeChallenge, link } };
}

/** RFC 6749 appendix A.5: visible ASCII. Short ones cannot be unpredictable, long ones do not fit the cookie. */
function readState(value: string | undefined): string | undefined {
  return value !== undefined && /^[\x20-\x7e]{8,1000}$/.test(value) ? value : undefined;
}

/** S256 only: with plain, whoever sees the request also has the verifier. */
function readChallenge(value: string | undefined, method: string | undefined): string | undefined {
  return method === 'S256' && value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** An intent we do not know is refused: whoever asked for it would not get it. */
function readIntent(parameters: Parameters): LoginRequest['link'] | 'unknown' {
  const intent = parameters.get('intent');
  if (intent === undefined) return undefined;
  return intent === 'link' ? { token: parameters.get('link_token') } : 'unknown';
}
