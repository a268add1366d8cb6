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
}

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

function saysAlreadyApplied(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && Reflect.get(value, 'code') === 'already_applied';
  } catch {
    return false;
  }
}

/** The status decides; the body matters only where it can make a 409 a success. */
async function readAnswer(response: Response): Promise<Answer> {
  const { status } = response;
  const type = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  const alreadyApplied = status === 409 && type === 'application/json' && saysAlreadyApplied(await response.text());
  return { status, alreadyApplied };
}

/**
 * Sends one request and reads its answer.
 *
 * @throws Failure `timeout`, `connection_failed`, `tls_failed`, `address_refused`, `response_too_large`, or the reason
 *   of the signal. Its message holds neither URL nor body.
 */
export async function send(request: MemberSystemRequest, options: SendOptions): Promise<Answer> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const headers: Record<string, string> = { ...request.headers };
  if (options.authorization !== null) headers.authorization = options.authorization;
  try {
    const response = await options.fetch(request.url, {
      method: request.method,
      headers,
      body: request.body,
      signal: AbortSignal.any([options.signal, timeout]),
    });
    return await readAnswer(response);
  } catch (error) {
    throw explain(error, options.signal, timeout);
  }
}
