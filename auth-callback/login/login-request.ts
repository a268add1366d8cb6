import { z } from 'zod';
import { readParameters } from '../../runtime/http/parameters.ts';
import type { AppRequest } from './app-request.ts';

/** A start that may go on to the provider. */
export interface LoginRequest {
  app: AppRequest;
  /** Undefined: an ordinary login. Otherwise the member asks for this login to be linked. */
  link: { token: string | undefined } | undefined;
}

/**
 * `page`: nothing vouches for where to send the browser. `refused`: the app's own registered URL gets `invalid_request`,
 * with its state where there was exactly one.
 */
type LoginRequestReading =
  | { status: 'good'; request: LoginRequest }
  | { status: 'page' }
  | { status: 'refused'; returnTo: string; state: string | undefined };

/** What the cookie can hold, see `longestCookieValue`. */
export const longestReturnTo = 1000;

/** RFC 6749 appendix A.5: visible ASCII. Short ones cannot be unpredictable, long ones do not fit the cookie. */
const appState = z.string().regex(/^[\x20-\x7e]{8,1000}$/);

/** RFC 7636 section 4.2. */
export const codeChallenge = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

export const linkParameters = {
  /** An intent we do not know is refused: whoever asked for it would not get it. */
  intent: z.literal('link').optional(),
  link_token: z.string().optional(),
};

const query = z.object({
  state: appState,
  code_challenge: codeChallenge,
  /** S256 only: with plain, whoever sees the request also has the verifier. */
  code_challenge_method: z.literal('S256'),
  ...linkParameters,
});

/**
 * Judges the app's request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
 *
 * @param sent the query
 * @param registered the organisation's URLs; compared as exact strings (RFC 9700 section 4.1)
 */
export function readLoginRequest(sent: URLSearchParams, registered: string[]): LoginRequestReading {
  const { once, duplicated } = readParameters(sent);
  const returnTo = once.return_to;
  if (returnTo === undefined || !registered.includes(returnTo) || returnTo.length > longestReturnTo) {
    return { status: 'page' };
  }
  const { data: good } = query.safeParse(once);
  if (duplicated || good === undefined) {
    return { status: 'refused', returnTo, state: appState.safeParse(once.state).data };
  }
  const { state, code_challenge, intent, link_token: token } = good;
  const app = { returnTo, state, codeChallenge: code_challenge, scope: [] };
  return { status: 'good', request: { app, link: intent && { token } } };
}

/**
 * An app's own scheme: a domain of its publisher, written backwards (RFC 8252 section 7.1). A scheme of one word belongs to nobody:
 * browsers and systems run or show what is behind some of them (`view-source:`, `intent:`, `ms-settings:`), and any app may take any.
 */
const ownScheme = /^[a-z]{2,}(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+:$/;

/**
 * Whether a code may be sent to a registered address: https, or an app's own scheme. Rows are written by people, and an address with
 * http would show the code to the network.
 *
 * @param allowsPlainHttp true in a local deployment only
 */
export function isReturnAddress(address: string, allowsPlainHttp: boolean): boolean {
  const url = URL.parse(address);
  // A fragment is not allowed (RFC 6749 section 3.1.2), and what is put behind it would never arrive.
  if (url === null || /[\s#]/.test(address) || url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    return address.startsWith(`${url.protocol}//`) && (url.protocol === 'https:' || allowsPlainHttp);
  }
  return ownScheme.test(url.protocol);
}
