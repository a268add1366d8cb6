import { Failure } from './failure.ts';

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
