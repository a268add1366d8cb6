import { setTimeout as pause } from 'node:timers/promises';
import type { Job, JobHelpers } from 'graphile-worker';
import { Failure } from './failure.ts';

// What tasks that carry something to somebody else have in common.

// A report that is lost costs another request after the lease; the fencing token makes reporting it twice harmless.
export const reportPausesMs = [200, 800];

// A name of its own for every run: two runs of one push, even in one process, must not take each other for themselves.
export function workerIdOf({ job }: JobHelpers): string {
  return `${job.locked_by ?? 'worker'}/${job.id}/${job.attempts}`;
}

/**
 * The flag that names the organisation; a probe has none.
 *
 * @param kind `org` for pushes, `invoices` for invoices
 */
export function flagOf(job: Job, kind: 'org' | 'invoices'): string | null {
  return Object.keys(job.flags ?? {}).find((flag) => flag.startsWith(`${kind}:`)) ?? null;
}

/**
 * Calls an action that may be repeated, again after each pause, and throws what the last call threw.
 *
 * @param pausesMs in milliseconds; one more call than pauses
 * @param onFailure hears what the calls before the last one threw
 */
export async function tryAgain<T>(
  action: () => Promise<T>,
  pausesMs: readonly number[],
  onFailure: (error: unknown) => void,
): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await action();
    } catch (error) {
      onFailure(error);
      await pause(pauseMs);
    }
  }
  return await action();
}

/**
 * A signal that ends one attempt: when its time is up, or when the worker stops. Its reason is the Failure to report.
 *
 * @param timeoutMs in milliseconds
 * @param stopping graphile-worker's signal that the worker is stopping
 * @returns the signal; to be disposed of after the attempt, because the worker's signal outlives thousands of them
 */
export function stopsIn(timeoutMs: number, stopping: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Failure('task_timeout')), timeoutMs);
  const stop = () => controller.abort(new Failure('worker_stopping'));
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      stopping.removeEventListener('abort', stop);
    },
  };
}
