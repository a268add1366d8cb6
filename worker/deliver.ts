import type { GuardedFetch } from '../runtime/guarded-fetch.ts';
import type { PushClaim } from './doors/rows.ts';
import { Failure, type FailureCode } from './failure.ts';
import { type Authorize, authorized } from './member-system/authorization.ts';
import { classify, classifyStatus } from './member-system/classify.ts';
import { sealForReceiver } from './member-system/receiver.ts';
import { buildRequest, buildStatusUrl } from './member-system/request.ts';
import { read, type SendOptions, send } from './member-system/send.ts';
import { type HttpMemberSystem, readMemberSystem } from './member-system/settings.ts';
import { type OpenNumberOptions, openNumber } from './open-number.ts';

/** How one attempt at a push ended. */
export interface Outcome {
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
export interface Attempt {
  /** Ends the attempt early; its reason is the Failure to report. */
  readonly signal: AbortSignal;
  /** Throws `lease_lost` when another worker may have the push by now. Asked right before anything leaves. */
  assertHeld(): void;
}

/** Carries the number of one claimed push to its member system. It does not throw for anything that is a failure. */
export type Deliver = (pushId: string, claim: PushClaim, attempt: Attempt) => Promise<Outcome>;

/** What delivering needs. */
export interface DeliverOptions extends OpenNumberOptions {
  readonly authorize: Authorize;
  /** For changes; drops the bodies that `keepsBody` does not want. */
  readonly fetch: GuardedFetch;
  /** For reading status URLs. */
  readonly readingFetch: GuardedFetch;
}

type Exchange = Omit<SendOptions, 'authorization' | 'fetch'>;

function failed(code: FailureCode, httpStatus: number, retryAfter: number | null): Outcome {
  return { result: new Failure(code).result, httpStatus, errorCode: code, retryAfter };
}

/** Asks a member system that took the change in how it went. */
async function askStatus(
  statusUrl: string,
  claim: PushClaim,
  system: HttpMemberSystem,
  options: DeliverOptions,
  exchange: Exchange,
) {
  const reading = await authorized(system.authentication, options.authorize, (authorization) =>
    read(statusUrl, { ...exchange, fetch: options.readingFetch, authorization }),
  );
  const { status: httpStatus, retryAfter, body } = reading;
  const word: unknown = body && Reflect.get(body, 'status');
  const verdict = classifyStatus(httpStatus, typeof word === 'string' ? word : null);
  if (verdict === 'delivered') return { result: verdict, httpStatus, errorCode: null };
  if (verdict !== 'accepted') return failed(verdict, httpStatus, retryAfter);
  if (claim.overdue) return { ...failed('acceptance_expired', httpStatus, null), final: true };
  return { result: verdict, httpStatus, errorCode: null, retryAfter, statusUrl };
}

/** Sends the change itself. */
async function sendChange(
  pushId: string,
  claim: PushClaim,
  personnummer: string | null,
  system: HttpMemberSystem,
  options: DeliverOptions,
  { attempt, exchange }: { attempt: Attempt; exchange: Exchange },
): Promise<Outcome> {
  const request = buildRequest(system, { pushId, madeAt: claim.made_at, externalId: claim.external_id, personnummer });
  const answer = await authorized(system.authentication, options.authorize, (authorization) => {
    attempt.assertHeld();
    return send(request, { ...exchange, fetch: options.fetch, authorization });
  });
  const { status: httpStatus, retryAfter, location } = answer;
  const verdict = classify(answer);
  if (verdict === 'delivered') return { result: verdict, httpStatus, errorCode: null };
  if (verdict !== 'accepted') return failed(verdict, httpStatus, retryAfter);
  const statusUrl = buildStatusUrl(location ?? '', request.url, personnummer);
  return { result: verdict, httpStatus, errorCode: null, retryAfter, statusUrl };
}

async function carry(pushId: string, claim: PushClaim, options: DeliverOptions, attempt: Attempt): Promise<Outcome> {
  const system = readMemberSystem(claim.member_system);
  const number = await openNumber(claim, options);
  if (system.kind === 'worklist') {
    const seals = system.receiverKey !== null && number !== null;
    return {
      result: 'accepted',
      httpStatus: null,
      errorCode: null,
      ...(seals && { receiverSealed: await sealForReceiver(system.receiverKey, number.reveal()) }),
    };
  }
  const exchange = { timeoutMs: system.timeoutMs, signal: attempt.signal };
  if (claim.status_url !== null) return await askStatus(claim.status_url, claim, system, options, exchange);
  return await sendChange(pushId, claim, number?.reveal() ?? null, system, options, { attempt, exchange });
}

/** Creates the function that delivers. */
export function createDeliver(options: DeliverOptions): Deliver {
  return async (pushId, claim, attempt) => {
    try {
      return await carry(pushId, claim, options, attempt);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
      return { result: failure.result, httpStatus: null, errorCode: failure.code, cause: failure.cause };
    }
  };
}
