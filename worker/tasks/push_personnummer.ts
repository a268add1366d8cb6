import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobHelpers, Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { Deliver, Outcome } from '../deliver.ts';
import type { Doors } from '../doors/doors.ts';
import { type Finished, mustWait, type PushClaim } from '../doors/rows.ts';
import type { Gate } from '../gate.ts';
import type { Leases } from '../leases.ts';
import type { Metrics } from '../metrics.ts';
import { assertPushPayload } from '../payloads.ts';
import { stopsIn } from '../stops-in.ts';
import { tryAgain } from '../try-again.ts';

/** What the task needs. */
export interface PushPersonnummerOptions {
  readonly doors: Pick<Doors, 'claimPush' | 'putBackPush' | 'finishPush'>;
  readonly deliver: Deliver;
  readonly leases: Leases;
  readonly gate: Gate;
  readonly metrics: Pick<Metrics, 'attempt'>;
  /** Called when a breaker is open, or may be: which jobs are not to be fetched has to be asked anew. */
  readonly onBreaker: () => Promise<void>;
  readonly log: Logger;
  /** Longest time one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
}

const reportPausesMs = [200, 800];
// Then the queue has its say again, so that nobody waits long behind an organisation with thousands of changes.
const mostInARow = 50;
const inARowMs = 1_000;

// A name of its own for every run: two runs of one push, even in one process, must not take each other for themselves.
function workerIdOf({ job }: JobHelpers): string {
  return `${job.locked_by ?? 'worker'}/${job.id}/${job.attempts}`;
}

/** The flag that names the organisation; a probe has none. */
function flagOf(job: Job): string | null {
  return Object.keys(job.flags ?? {}).find((flag) => flag.startsWith('org:')) ?? null;
}

function concurrencyOf({ member_system: row }: PushClaim): number {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'concurrency') : null;
  return typeof value === 'number' ? value : 4;
}

/**
 * Creates the task `push_personnummer`: claims a push, carries the number to the member system and records the result.
 *
 * The job only reminds; the push's row decides, and says when the next attempt is. A job for a push that is delivered,
 * superseded or held by another worker ends quietly, and so does one whose attempt failed and was recorded: the database has
 * queued the next one. What cannot be recorded throws, so that the queue tries again.
 *
 * @returns the task; what it throws is a `Failure`, its whole message a fixed code
 */
export function createPushPersonnummer(options: PushPersonnummerOptions): Task {
  const { doors, gate } = options;
  return async (payload, helpers) => {
    assertPushPayload(payload);
    const pushId = payload.push_id;
    const flag = flagOf(helpers.job);
    using place = gate.enter(flag);
    if (place === null) return await doors.putBackPush(pushId);

    const workerId = workerIdOf(helpers);
    const claimedAt = performance.now();
    const claim = await doors.claimPush(pushId, workerId);
    if (claim === null) return;
    if (mustWait(claim)) {
      if (claim.waits_for !== 'member_busy') gate.pause(flag, claim.wait_ms);
      if (claim.waits_for === 'breaker_open') await options.onBreaker();
      return;
    }
    gate.limit(flag, concurrencyOf(claim));
    await carryOn({ pushId, workerId, claim, claimedAt }, helpers, options);
  };
}

/** A push that this task holds. */
interface Held {
  readonly pushId: string;
  readonly workerId: string;
  readonly claim: PushClaim;
  /** From before the claim was sent. */
  readonly claimedAt: number;
}

/** One push after the other, of the same organisation: what is due there needs no job of its own to be fetched. */
async function carryOn(first: Held, helpers: JobHelpers, options: PushPersonnummerOptions): Promise<void> {
  const until = performance.now() + inARowMs;
  let held: Held | null = first;
  for (let nth = 1; held !== null; nth += 1) {
    const goesOn: boolean = performance.now() < until && nth < mostInARow && !helpers.abortSignal?.aborted;
    held = await attempt(held, goesOn ? `${first.workerId}/${nth}` : null, helpers, options);
  }
}

/** @returns the push that was claimed under the name `next` when this one was reported */
async function attempt(
  held: Held,
  next: string | null,
  { abortSignal }: JobHelpers,
  options: PushPersonnummerOptions,
): Promise<Held | null> {
  const { pushId, claim, claimedAt } = held;
  const started = performance.now();
  using lease = options.leases.hold(pushId, claim.fencing_token, claimedAt, claim.lease_ms);
  using stop = stopsIn(options.timeoutMs, abortSignal);
  const signal = AbortSignal.any([stop.signal, lease.signal]);
  // Cut short by the signal, which the attempt then reports.
  if (claim.delay_ms > 0) await pause(claim.delay_ms, undefined, { signal }).catch(() => undefined);
  const outcome = await options.deliver(pushId, claim, { signal, assertHeld: () => lease.assertHeld() });
  const durationMs = Math.round(performance.now() - started);
  const reportedAt = performance.now();
  const { state, next: claimed } = await report(held, outcome, durationMs, next, options);
  options.metrics.attempt(claim.organization, outcome, durationMs / 1000);
  const { result, errorCode, httpStatus, cause } = outcome;
  const fields = { pushId, organization: claim.organization, result, errorCode, httpStatus, state };
  if (errorCode === null) options.log.info(fields, `push ${result}`);
  else options.log.warn(cause === undefined ? fields : { ...fields, err: cause }, 'push not delivered');
  if (result === 'retry') await options.onBreaker();
  return claimed && { pushId: claimed.push_id, workerId: claimed.worker_id, claim: claimed, claimedAt: reportedAt };
}

/** Records the result. One that is lost costs another request after the lease; the fencing token makes reporting it twice harmless. */
async function report(
  { pushId, workerId, claim }: Held,
  outcome: Outcome,
  durationMs: number,
  next: string | null,
  { doors }: PushPersonnummerOptions,
): Promise<Finished> {
  const result = {
    push_id: pushId,
    worker_id: workerId,
    fencing_token: claim.fencing_token,
    result: outcome.result,
    http_status: outcome.httpStatus,
    error_code: outcome.errorCode,
    duration_ms: durationMs,
    final: outcome.final ?? false,
    retry_after: outcome.retryAfter ?? null,
    status_url: outcome.statusUrl ?? null,
    receiver_sealed: outcome.receiverSealed ?? null,
  };
  return await tryAgain(() => doors.finishPush(result, next), reportPausesMs);
}
