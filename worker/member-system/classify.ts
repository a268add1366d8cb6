import type { FailureCode } from '../failure.ts';

/** What is left of an answer once it has been read: its body is never kept. */
export interface Answer {
  readonly status: number;
  /** The body was JSON and said `{"code": "already_applied"}`. */
  readonly alreadyApplied: boolean;
}

/** Statuses that mean "not now" (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4). */
const notNow: Readonly<Record<number, FailureCode>> = { 408: 'http_408', 425: 'http_425', 429: 'http_429' };

/**
 * Tells what an answer of a member system means for the push.
 *
 * @returns `delivered`, or the code of the failure; the code says whether trying again can help
 */
export function classify(answer: Answer): 'delivered' | FailureCode {
  const { status } = answer;
  if (status >= 200 && status < 300) return 'delivered';
  // A bare 409 may also mean that somebody else's change is in the way, so only the plain word counts as success.
  if (status === 409) return answer.alreadyApplied ? 'delivered' : 'http_409';
  if (status >= 300 && status < 400) return 'redirect_refused';
  if (status >= 400 && status < 500) return notNow[status] ?? 'http_4xx';
  if (status >= 500 && status < 600) return 'http_5xx';
  return 'http_unexpected';
}
