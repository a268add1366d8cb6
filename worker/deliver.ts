import type { Indexer } from '../personnummer/blind-index.ts';
import { PersonnummerError } from '../personnummer/errors.ts';
import type { Personnummer } from '../personnummer/personnummer.ts';
import type { Unsealer } from '../personnummer/unseal.ts';
import type { GuardedFetch } from '../runtime/guarded-fetch.ts';
import type { PushClaim } from './doors.ts';
import { Failure, type FailureCode } from './failure.ts';
import type { Authorize } from './member-system/authorization.ts';
import { type Answer, classify } from './member-system/classify.ts';
import { buildRequest, type MemberSystemRequest } from './member-system/request.ts';
import { send } from './member-system/send.ts';
import { type MemberSystem, readMemberSystem } from './member-system/settings.ts';

/** How one attempt at a push ended. */
export interface Outcome {
  readonly result: 'delivered' | 'retry' | 'rejected';
  /** Status of the answer, where there was one. */
  readonly httpStatus: number | null;
  readonly errorCode: FailureCode | null;
  /** For the log. */
  readonly cause?: unknown;
}

/** Carries the number of one claimed push to its member system. It does not throw for anything that is a failure. */
export type Deliver = (pushId: string, claim: PushClaim, signal: AbortSignal) => Promise<Outcome>;

/** What delivering needs. */
export interface DeliverOptions {
  readonly unsealer: Unsealer;
  readonly indexer: Indexer;
  /** Versions of the index secrets this worker has. */
  readonly indexVersions: ReadonlySet<string>;
  readonly authorize: Authorize;
  readonly fetch: GuardedFetch;
}

async function unseal(unsealer: Unsealer, sealed: string): Promise<Personnummer> {
  try {
    return await unsealer.unseal(sealed);
  } catch (error) {
    if (!(error instanceof PersonnummerError)) throw error;
    throw new Failure(error.code === 'sealing_key_unknown' ? 'sealing_key_unknown' : 'sealed_value_broken');
  }
}

/** Opens the sealed value and finds out whether it belongs to the row it came with. */
async function openNumber(claim: PushClaim, options: DeliverOptions): Promise<Personnummer> {
  const { personnummer_index: index, organization_id: organizationId } = claim;
  if (!options.indexVersions.has(index.split('.', 1)[0] ?? '')) throw new Failure('index_secret_unknown');
  const personnummer = await unseal(options.unsealer, claim.personnummer_sealed);
  if (!options.indexer.matches(personnummer, organizationId, index)) throw new Failure('sealed_value_mismatch');
  return personnummer;
}

async function exchange(
  system: MemberSystem,
  request: MemberSystemRequest,
  { authorize, fetch }: DeliverOptions,
  signal: AbortSignal,
): Promise<Answer> {
  const first = await authorize(system.authentication);
  const { timeoutMs } = system;
  const answer = await send(request, { fetch, timeoutMs, signal, authorization: first.header });
  if (answer.status !== 401 || first.forget === undefined) return answer;
  // A token can be withdrawn before it expires. One fresh one is tried; the idempotency key makes that harmless.
  first.forget();
  const second = await authorize(system.authentication);
  return await send(request, { fetch, timeoutMs, signal, authorization: second.header });
}

function judge(answer: Answer): Outcome {
  const verdict = classify(answer);
  if (verdict === 'delivered') return { result: 'delivered', httpStatus: answer.status, errorCode: null };
  return { result: new Failure(verdict).result, httpStatus: answer.status, errorCode: verdict };
}

/** Creates the function that delivers. */
export function createDeliver(options: DeliverOptions): Deliver {
  return async (pushId, claim, signal) => {
    try {
      const system = readMemberSystem(claim.member_system);
      const personnummer = (await openNumber(claim, options)).reveal();
      const request = buildRequest(system, { pushId, externalId: claim.external_id, personnummer });
      return judge(await exchange(system, request, options, signal));
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
      return { result: failure.result, httpStatus: null, errorCode: failure.code, cause: failure.cause };
    }
  };
}
