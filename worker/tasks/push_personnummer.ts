import type { JobHelpers, Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { Deliver, Outcome } from '../deliver.ts';
import type { Doors } from '../doors.ts';
import { Failure } from '../failure.ts';
import { assertPushPayload } from '../payloads.ts';
import { stopsIn } from '../stops-in.ts';

/** What the task needs. */
export interface PushPersonnummerOptions {
  readonly doors: Doors;
  readonly deliver: Deliver;
  readonly log: Logger;
  /** Longest time one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
}

// A name of its own for every run: two runs of one push, even in one process, must not take each other for themselves.
function workerIdOf({ job }: JobHelpers): string {
  return `${job.locked_by ?? 'worker'}/${job.id}/${job.attempts}`;
}

/**
 * Creates the task `push_personnummer`: claims a push, carries the number to the member system and records the result.
 *
 * The job only reminds; the push's row decides. A job for a push that is delivered, superseded or held by another worker
 * ends quietly. A failure that may pass throws, so that the queue tries again with growing pauses; one that cannot is
 * recorded, and the job is done.
 *
 * @returns the task; what it throws is a `Failure`, its whole message a fixed code
 */
export function createPushPersonnummer({ doors, deliver, log, timeoutMs }: PushPersonnummerOptions): Task {
  return async (payload, helpers) => {
    assertPushPayload(payload);
    const pushId = payload.push_id;
    const claim = await doors.claimPush(pushId, workerIdOf(helpers));
    if (claim === null) return;

    const started = performance.now();
    using stop = stopsIn(timeoutMs, helpers.abortSignal);
    const outcome = await deliver(pushId, claim, stop.signal);
    const state = await doors.finishPush({
      push_id: pushId,
      fencing_token: claim.fencing_token,
      result: outcome.result,
      http_status: outcome.httpStatus,
      error_code: outcome.errorCode,
      duration_ms: Math.round(performance.now() - started),
      final: helpers.job.attempts >= helpers.job.max_attempts,
    });
    report(log, pushId, claim.organization, outcome, state);
    // Any other state means that there is nothing left to try: the record has moved on, or another worker has the push.
    if (state === 'pending' || state === 'given_up') throw new Failure(outcome.errorCode ?? 'unexpected_error');
  };
}

function report(log: Logger, pushId: string, organization: string, outcome: Outcome, state: string | null): void {
  const { result, errorCode, httpStatus, cause } = outcome;
  const fields = { pushId, organization, result, errorCode, httpStatus, state };
  if (result === 'delivered') log.info(fields, 'push delivered');
  else log.warn(cause === undefined ? fields : { ...fields, err: cause }, 'push not delivered');
}
