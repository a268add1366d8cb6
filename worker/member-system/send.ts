import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { Failure, type FailureCode, failureResults } from '../failure.ts';
import type { Answer } from './classify.ts';
import type { MemberSystemRequest } from './request.ts';

/** How one request is sent. */
export interface SendOptions {
  readonly fetch: GuardedFetch;
  /** For the whole exchange including the answer's body, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the request early; its reason is the Failure to report. */
  readonly signal: AbortSignal;
  /** Value of the `Authorization` header. */
  readonly authorization: string | null;
  /** Names our step to whoever traces over there (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** The only answer of a member system whose body is looked at: it can make a 409 a success. */
export const keepsBody = (status: number): boolean => status === 409;

/** Reads the fixed code of an error of the guarded fetch; anything else is a connection that failed. */
function codeOf(error: unknown): FailureCode {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' && Object.hasOwn(failureResults, code) ? (code as FailureCode) : 'connection_failed';
}

/**
 * Names what stopped an exchange.
 *
 * @param signal the signal of the whole task; its reason may be a Failure
 * @param timeout the signal of this exchange
 */
function explain(error: unknown, signal: AbortSignal, timeout: AbortSignal): Failure {
  if (signal.aborted) return signal.reason instanceof Failure ? signal.reason : new Failure('worker_stopping');
  if (timeout.aborted) return new Failure('timeout', { cause: error });
  return new Failure(codeOf(error), { cause: error });
}

/** Nobody is waited for longer than a day, whatever they say. In seconds. */
const longestPause = 86_400;

// RFC 9110 section 5.6.7: the preferred form of a date and the two obsolete ones. Date.parse takes much more than that.
const httpDate =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

function readDate(text: string | null): number | null {
  if (text === null || !httpDate.test(text)) return null;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : at;
}

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is compared with the answer's own `Date` where
 * there is one, so that clocks may differ.
 *
 * @returns whole seconds from 0 to a day; null where the header is absent or nonsense
 */
export function readRetryAfter(headers: Headers, now: () => number = Date.now): number | null {
  const value = headers.get('retry-after')?.trim() ?? null;
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Math.min(Number(value), longestPause);
  const at = readDate(value);
  if (at === null) return null;
  const seconds = Math.ceil((at - (readDate(headers.get('date')) ?? now())) / 1000);
  return Math.min(Math.max(seconds, 0), longestPause);
}

/** The JSON object of a response that says it is JSON; null for anything else. */
async function readObject(response: Response): Promise<object | null> {
  const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json' && !type?.endsWith('+json')) return null;
  try {
    const value: unknown = JSON.parse(await response.text());
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}

async function exchange<T>(
  request: MemberSystemRequest,
  options: SendOptions,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const headers: Record<string, string> = { ...request.headers };
  if (options.authorization !== null) headers.authorization = options.authorization;
  if (options.traceparent !== undefined) headers.traceparent = options.traceparent;
  const { url, method, body } = request;
  const signal = AbortSignal.any([options.signal, timeout]);
  try {
    return await read(await options.fetch(url, { method, headers, signal, ...(body !== null && { body }) }));
  } catch (error) {
    throw explain(error, options.signal, timeout);
  }
}

/**
 * Sends one change and reads its answer. The status decides; the fetch should drop bodies that `keepsBody` does not want, so
 * that one that is endless, or drips, cannot turn a change that was made into a failure.
 *
 * @throws Failure `timeout`, `connection_failed`, `tls_failed`, `address_refused`, `response_too_large`, or the reason
 *   of the signal. Its message holds neither URL nor body.
 */
export async function send(request: MemberSystemRequest, options: SendOptions): Promise<Answer> {
  return await exchange(request, options, async (response) => {
    const { status, headers } = response;
    const said = keepsBody(status) ? await readObject(response) : null;
    return {
      status,
      alreadyApplied: said !== null && Reflect.get(said, 'code') === 'already_applied',
      retryAfter: readRetryAfter(headers),
      location: status === 202 ? headers.get('location') : null,
    };
  });
}

/** What was read: the status, and the JSON object in the body if there was one. */
export interface Reading {
  readonly status: number;
  readonly body: object | null;
  readonly retryAfter: number | null;
}

/** Reads from the member system without changing anything there. Throws as `send` does. */
export async function read(url: string, options: SendOptions, method: 'GET' | 'OPTIONS' = 'GET'): Promise<Reading> {
  return await ask({ url, method, headers: { accept: 'application/json' }, body: null }, options);
}

/** Sends a request and reads the answer with the JSON object in its body. Throws as `send` does. */
export async function ask(request: MemberSystemRequest, options: SendOptions): Promise<Reading> {
  return await exchange(request, options, async (response) => {
    const { status, headers } = response;
    return { status, body: await readObject(response), retryAfter: readRetryAfter(headers) };
  });
}
