import type { Logger } from '../../runtime/logger.ts';

// One that fails every time does so many times a second; the first says all, and the next one how many it stands for.
const everyMs = 60_000;

/** Creates what writes into the log that a call for many failed: at most a line a minute for each door. */
export function logGatherFailures(log: Logger, now = () => performance.now()) {
  const doors = new Map<string, { loggedAt: number; times: number }>();
  return (door: string, error: unknown): void => {
    const known = doors.get(door) ?? { loggedAt: Number.NEGATIVE_INFINITY, times: 0 };
    doors.set(door, known);
    known.times += 1;
    if (now() - known.loggedAt < everyMs) return;
    log.warn(
      { door, times: known.times, err: error instanceof Error ? (error.cause ?? error) : error },
      'asked one by one',
    );
    known.loggedAt = now();
    known.times = 0;
  };
}
