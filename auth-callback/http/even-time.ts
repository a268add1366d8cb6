import { setTimeout as sleep } from 'node:timers/promises';

/** Much longer than the database takes, also when it is busy: the fewer answers miss a beat, the less a missed one can tell (milliseconds). */
const beat = 400;

/**
 * For answers whose time must not tell what the database had to do: counted from here, they are given at whole beats only. That somebody
 * is a member says something about health, and the case that a coordinator gets takes a millisecond more than nothing.
 */
export function startBeat(): { next(): Promise<void> } {
  const startedAt = performance.now();
  return {
    async next() {
      const passed = performance.now() - startedAt;
      await sleep(beat - (passed % beat));
    },
  };
}
