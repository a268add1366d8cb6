import { setTimeout as pause } from 'node:timers/promises';
import type { JobHelpers, Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import { type Span, type SpanStart, type Tracing, traceIdOf } from '../../runtime/tracing/tracing.ts';
import { flagOf, reportPausesMs, stopsIn, tryAgain, workerIdOf } from '../attempts.ts';
import type { WorkerDatabase } from '../database.ts';
import type { PushClaim } from '../database-rows.ts';
import type { Deliver } from '../deliver.ts';
import type { Gate } from '../gate.ts';
import type { Leases } from '../leases.ts';
import { concurrencyOf } from '../member-system/settings.ts';
import type { Metrics } from '../metrics.ts';
import { readPushPayload } from '../payloads.ts';

/** What the task needs. */
export interface PushPersonnummerOptions {
  readonly database: Pick<WorkerDatabase, 'claimPush' | 'putBackPush' | 'finishPush'>;
  readonly deliver: Deliver;
  readonly leases: Leases;
  readonly gate: Gate;
  readonly metrics: Pick<Metrics, 'attempt'>;
  /** Called when a breaker is open, or may be: which jobs are not to be fetched has to be asked anew. */
  readonly onBreaker: () => Promise<void>;
  readonly log: Logger;
  readonly tracing: Tracing;
  /** Longest time one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
}

// Then the queue has its say again, so that nobody waits long behind an organisation with thousands of changes.
const mostInARow = 50;
const inARowMs = 1_000;

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
  const { database, gate } = options;
  return async (payload, helpers) => {
    const { push_id: pushId } = readPushPayload(payload);
    const flag = flagOf(helpers.job, 'org');
    using slot = gate.enter(flag);
    if (slot === null) return await database.putBackPush(pushId);

    const workerId = workerIdOf(helpers);
    const claimedAt = performance.now();
    const answer = await database.claimPush(pushId, workerId);
    if (answer === null) return;
    if ('wait_ms' in answer) {
      if (answer.waits_for !== 'member_busy') gate.pause(flag, answer.wait_ms);
      if (answer.waits_for === 'breaker_open') await options.onBreaker();
    } else if (answer.fencing_token !== null) {
      gate.limit(flag, concurrencyOf(answer.member_system));
      await carryOn({ claim: answer, claimedAt, claimedBy: 'worker.claim_pushes' }, helpers, options);
    }
  };
}

/** A push that this task holds. */
interface Held {
  readonly claim: PushClaim;
  /** From before the claim was sent. */
  readonly claimedAt: number;
  readonly claimedBy: 'worker.claim_pushes' | 'worker.finish_pushes';
}

/** One push after the other, of the same organisation: what is due there needs no job of its own to be fetched. */
async function carryOn(first: Held, helpers: JobHelpers, options: PushPersonnummerOptions): Promise<void> {
  const until = performance.now() + inARowMs;
  let held: Held | null = first;
  for (let nth = 1; held !== null; nth += 1) {
    const goesOn: boolean = performance.now() < until && nth < mostInARow && !helpers.abortSignal?.aborted;
    held = await attempt(held, goesOn ? `${first.claim.worker_id}/${nth}` : null, helpers, options);
  }
}

/**
 * An attempt, as a part of the trace of the login that the change comes from: so are all attempts at one push, however late.
 *
 * @returns the push that was claimed under the name `next` with the report
 */
function attempt(
  held: Held,
  next: string | null,
  helpers: JobHelpers,
  options: PushPersonnummerOptions,
): Promise<Held | null> {
  const { claim, claimedAt: startedAt, claimedBy } = held;
  const attributes = {
    'personnummer_sync.organization': claim.organization,
    'personnummer_sync.attempt': claim.attempt,
  };
  const { traceparent: parent } = claim;
  return options.tracing.span(
    { name: 'push_personnummer', kind: 'consumer', parent, startedAt, attributes },
    async (span) => {
      // It has just ended: whose trace it belongs to is what it answered.
      await options.tracing.span({ ...databaseCall(claimedBy), startedAt }, async () => undefined);
      return await deliverAndReport(held, next, helpers, options, span);
    },
  );
}

function databaseCall(name: string): SpanStart {
  const attributes = { 'db.system.name': 'postgresql', 'db.stored_procedure.name': name } as const;
  return { name, kind: 'client', attributes };
}

/** @returns the push that was claimed under the name `next` with the report */
async function deliverAndReport(
  { claim, claimedAt }: Held,
  next: string | null,
  { abortSignal }: JobHelpers,
  options: PushPersonnummerOptions,
  span: Span,
): Promise<Held | null> {
  const { push_id: pushId, organization } = claim;
  const started = performance.now();
  using lease = options.leases.hold(pushId, claim.fencing_token, claimedAt, claim.lease_ms);
  using stop = stopsIn(options.timeoutMs, abortSignal);
  const signal = AbortSignal.any([stop.signal, lease.signal]);
  // Cut short by the signal, which the attempt then reports.
  if (claim.delay_ms > 0) await pause(claim.delay_ms, undefined, { signal }).catch(() => undefined);
  const end = await options.deliver(claim, { signal, assertHeld: () => lease.assertHeld() });
  const { result, errorCode, httpStatus, cause } = end;
  const reportedAt = performance.now();
  const durationMs = Math.round(reportedAt - started);
  const report = {
    push_id: pushId,
    worker_id: claim.worker_id,
    fencing_token: claim.fencing_token,
    result,
    http_status: httpStatus,
    error_code: errorCode,
    duration_ms: durationMs,
    final: end.final ?? false,
    retry_after: end.retryAfter ?? null,
    status_url: end.statusUrl ?? null,
    receiver_sealed: end.receiverSealed ?? null,
    next_worker_id: next,
  };
  const { state, next: claimed } = await options.tracing.span(databaseCall('worker.finish_pushes'), () =>
    tryAgain(
      () => options.database.finishPush(report),
      reportPausesMs,
      (err) => options.log.debug({ pushId, organization, err }, 'report failed, made again'),
    ),
  );
  span.set({ 'personnummer_sync.result': result });
  if (errorCode !== null) span.fail(errorCode);
  options.metrics.attempt(organization, end, durationMs / 1000);
  const trace_id = traceIdOf(options.tracing.traceparent());
  const fields = { pushId, trace_id, organization, result, errorCode, httpStatus, state };
  if (errorCode === null) options.log.info(fields, `push ${result}`);
  else options.log.warn(cause === undefined ? fields : { ...fields, err: cause }, 'push not delivered');
  if (result === 'retry') await options.onBreaker();
  return claimed && { claim: claimed, claimedAt: reportedAt, claimedBy: 'worker.finish_pushes' };
}
