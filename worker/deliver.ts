import type { GuardedFetch } from '../runtime/guarded-fetch.ts';
import type { Tracing } from '../runtime/tracing/tracing.ts';
import type { PushClaim } from './database-rows.ts';
import { Failure, type FailureCode } from './failure.ts';
import { type Authorize, authorized } from './member-system/authorization.ts';
import { classify, classifyStatus } from './member-system/classify.ts';
import { buildRequest, buildStatusUrl } from './member-system/request.ts';
import { read, send } from './member-system/send.ts';
import { type HttpMemberSystem, readMemberSystem, type Worklist } from './member-system/settings.ts';
import { type OpenNumberOptions, openNumber, sealForReceiver } from './sealed-numbers.ts';

/** How one attempt at a push ended. */
export interface AttemptEnd {
  readonly result: 'delivered' | 'accepted' | 'retry' | 'rejected';
  /** Status of the answer, where there was one. */
  readonly httpStatus: number | null;
  readonly errorCode: FailureCode | null;
  /** Seconds the member system asks us to wait. */
  readonly retryAfter?: number | null;
  /** For `accepted`: where it says how it went. */
  readonly statusUrl?: string;
  /** For `accepted` by a person: the number, sealed for their organisation. */
  readonly receiverSealed?: string;
  /** The time for it is over; no other attempt soon. */
  readonly final?: boolean;
  /** For the log. */
  readonly cause?: unknown;
}

/** One attempt, as seen from inside. */
interface Attempt {
  /** Ends the attempt early; its reason is the Failure to report. */
  readonly signal: AbortSignal;
  /** Throws `lease_lost` when another worker may have the push by now. Asked right before anything leaves. */
  assertHeld(): void;
}

/** Carries the number of one claimed push to its member system. It does not throw for anything that is a failure. */
export type Deliver = (claim: PushClaim, attempt: Attempt) => Promise<AttemptEnd>;

/** What delivering needs. */
export interface DeliverOptions extends OpenNumberOptions {
  readonly authorize: Authorize;
  /** For changes; drops the bodies that `keepsBody` does not want. */
  readonly fetch: GuardedFetch;
  /** For reading status URLs. */
  readonly readingFetch: GuardedFetch;
  readonly tracing: Tracing;
}

/** Creates the function that delivers: opens the number, builds the request, sends it, and judges the answer. */
export function createDeliver(options: DeliverOptions): Deliver {
  return async (claim, attempt) => {
    try {
      const system = readMemberSystem(claim.member_system);
      const number = (await openNumber(claim, options))?.reveal() ?? null;
      if (system.kind === 'worklist') return await putOnWorklist(system, number);
      if (claim.status_url !== null) return await askStatus(claim.status_url, claim, system, attempt, options);
      return await sendChange(claim, number, system, attempt, options);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
      return { result: failure.result, httpStatus: null, errorCode: failure.code, cause: failure.cause };
    }
  };
}

/** A person carries the change out. The number is sealed for the organisation's own key, if it has one. */
async function putOnWorklist({ receiverKey }: Worklist, number: string | null): Promise<AttemptEnd> {
  const taken = { result: 'accepted', httpStatus: null, errorCode: null } as const;
  if (receiverKey === null || number === null) return taken;
  return { ...taken, receiverSealed: await sealForReceiver(receiverKey, number) };
}

/** Sends the change itself. */
async function sendChange(
  claim: PushClaim,
  personnummer: string | null,
  system: HttpMemberSystem,
  { signal, assertHeld }: Attempt,
  { authorize, fetch, tracing }: DeliverOptions,
): Promise<AttemptEnd> {
  const { push_id: pushId, made_at: madeAt, external_id: externalId } = claim;
  const request = buildRequest(system, { pushId, madeAt, externalId, personnummer });
  const answer = await authorized(system.authentication, authorize, (authorization) => {
    assertHeld();
    return exchange(tracing, request, (traceparent) =>
      send(request, { fetch, timeoutMs: system.timeoutMs, signal, authorization, traceparent }),
    );
  });
  const { status: httpStatus, retryAfter, location } = answer;
  const verdict = classify(answer);
  if (verdict === 'delivered') return { result: verdict, httpStatus, errorCode: null };
  if (verdict !== 'accepted') return failed(verdict, httpStatus, retryAfter);
  const statusUrl = buildStatusUrl(location ?? '', request.url, personnummer);
  return { result: verdict, httpStatus, errorCode: null, retryAfter, statusUrl };
}

/** Asks a member system that took the change in how it went. */
async function askStatus(
  statusUrl: string,
  claim: PushClaim,
  system: HttpMemberSystem,
  { signal }: Attempt,
  { authorize, readingFetch: fetch, tracing }: DeliverOptions,
): Promise<AttemptEnd> {
  const answer = await authorized(system.authentication, authorize, (authorization) =>
    exchange(tracing, { method: 'GET', url: statusUrl }, (traceparent) =>
      read(statusUrl, { fetch, timeoutMs: system.timeoutMs, signal, authorization, traceparent }),
    ),
  );
  const { status: httpStatus, retryAfter, body } = answer;
  const word: unknown = body && Reflect.get(body, 'status');
  const verdict = classifyStatus(httpStatus, typeof word === 'string' ? word : null);
  if (verdict === 'delivered') return { result: verdict, httpStatus, errorCode: null };
  if (verdict !== 'accepted') return failed(verdict, httpStatus, retryAfter);
  if (claim.overdue) return { ...failed('acceptance_expired', httpStatus, null), final: true };
  return { result: verdict, httpStatus, errorCode: null, retryAfter, statusUrl };
}

/** One request to the member system, of which the trace has host and status only. */
function exchange<Answer extends { readonly status: number }>(
  tracing: Tracing,
  { method, url }: { readonly method: string; readonly url: string },
  ask: (traceparent: string | undefined) => Promise<Answer>,
): Promise<Answer> {
  const attributes = { 'http.request.method': method, 'server.address': new URL(url).hostname };
  return tracing.span({ name: `${method} member system`, kind: 'client', attributes }, async (span) => {
    const answer = await ask(tracing.traceparent());
    span.set({ 'http.response.status_code': answer.status });
    if (answer.status >= 400) span.fail(String(answer.status));
    return answer;
  });
}

function failed(code: FailureCode, httpStatus: number, retryAfter: number | null): AttemptEnd {
  return { result: new Failure(code).result, httpStatus, errorCode: code, retryAfter };
}
