import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 120_000;

/** Asks until the answer is there. @throws Error that says what it waited for */
export async function until<T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${what}`);
    await pause(50);
  }
}
