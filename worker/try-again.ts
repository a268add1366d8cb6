import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls an action that may be repeated, again after each pause, and throws what the last call threw.
 *
 * @param pausesMs in milliseconds; one more call than pauses
 */
export async function tryAgain<T>(action: () => Promise<T>, pausesMs: readonly number[]): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await action();
    } catch {
      // What the last call says is what counts.
      await pause(pauseMs);
    }
  }
  return await action();
}
