import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks again and again until the answer is something other than undefined or false. Throws, naming what was waited for,
 * when that takes longer than `withinMs`.
 */
export async function until<T>(what: string, ask: () => T | Promise<T>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await pause(25);
  }
}
