import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again and again until the answer is something other than undefined, null or false. Throws, naming what was waited for,
 * when that takes longer than `withinMs`: a bound for what goes wrong, long because the machine may be loaded.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 60_000,
  everyMs = 20,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false)
      return answer as Exclude<T, undefined | null | false>;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await pause(everyMs);
  }
}
