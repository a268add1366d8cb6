import type { FailureCode } from '../failure.ts';

/** What is left of an answer once it has been read: its body is never kept. */
export interface Answer {
  readonly status: number;
  /** The body was JSON and said `{"code": "already_applied"}`. */
  readonly alreadyApplied: boolean;
  /** Seconds the other side asks us to wait; null where it does not. */
  readonly retryAfter: number | null;
  /** The header `Location` of a 202. */
  readonly location: string | null;
}

/** Statuses that mean "not now" (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4) or "not with these credentials". */
const passing: Readonly<Record<number, FailureCode>> = {
  401: 'http_401',
  403: 'http_403',
  408: 'http_408',
  425: 'http_425',
  429: 'http_429',
};

/**
 * RFC 9110 section 15.4: 302, 303 and 307 send us elsewhere this time, to a page about maintenance or to a login; 301 and 308 say that
 * the address in the row is out of date.
 */
const redirects: Readonly<Record<number, FailureCode>> = {
  301: 'redirect_refused',
  302: 'redirect_temporary',
  303: 'redirect_temporary',
  307: 'redirect_temporary',
  308: 'redirect_refused',
};

/**
 * Tells what an answer of a member system means for the push.
 *
 * @returns `delivered`, `accepted` (202 that says where to ask how it went), or the code of the failure; the code says
 *   whether trying again can help
 */
export function classify(answer: Answer): 'delivered' | 'accepted' | FailureCode {
  const { status } = answer;
  // Without a place to ask, the word that it was taken in is the last one there will be.
  if (status === 202 && answer.location !== null) return 'accepted';
  if (status >= 200 && status < 300) return 'delivered';
  // A bare 409 may also mean that somebody else's change is in the way, so only the plain word counts as success.
  if (status === 409) return answer.alreadyApplied ? 'delivered' : 'http_409';
  return failureOfStatus(status);
}

/**
 * What a status that is no success means. A redirect is never followed: the change, with the number and our credentials, goes where
 * the row says and nowhere else.
 */
export function failureOfStatus(status: number): FailureCode {
  if (status >= 500 && status < 600) return 'http_5xx';
  if (status >= 400 && status < 500) return passing[status] ?? 'http_4xx';
  return redirects[status] ?? 'http_unexpected';
}

const stillWorking = new Set([
  'pending',
  'accepted',
  'queued',
  'running',
  'processing',
  'in_progress',
  'inprogress',
  'notstarted',
]);
const failed = new Set(['failed', 'failure', 'rejected', 'refused', 'error', 'cancelled', 'canceled']);

/**
 * Tells what the answer of a status URL means: 202 goes on, another 2xx or 303 (RFC 9110 section 15.4.4) is the end, unless
 * a JSON body says otherwise in its member `status`.
 *
 * @param word the value of `status` in the body; null where there is none
 */
export function classifyStatus(status: number, word: string | null): 'delivered' | 'accepted' | FailureCode {
  const said = word?.toLowerCase().replaceAll(/[ -]/g, '_') ?? '';
  if (status === 202) return failed.has(said) ? 'acceptance_failed' : 'accepted';
  if (status === 303) return 'delivered';
  if (status >= 200 && status < 300) {
    if (failed.has(said)) return 'acceptance_failed';
    return stillWorking.has(said) ? 'accepted' : 'delivered';
  }
  if (status === 404 || status === 410) return 'status_lost';
  const failure = failureOfStatus(status);
  // What is left says something about this change.
  return failure === 'http_4xx' || failure === 'http_unexpected' ? 'acceptance_failed' : failure;
}
