/** One attempt's slot among those of its organisation. Disposing of it frees the slot. */
type Slot = Disposable;

/**
 * Bulkheads between organisations: none of them may take all slots of this process, and jobs of one that cannot be served
 * now are not fetched. Organisations are known by the flag of their jobs, `org:<id>`.
 */
export interface Gate {
  /** Flags of jobs that must not be fetched now; for graphile-worker's `forbiddenFlags`. */
  forbiddenFlags(): string[] | null;
  /** @returns null when the organisation's slots in this process are taken */
  enter(flag: string | null): Slot | null;
  /** What the organisation's row says: most requests at a time. */
  limit(flag: string | null, concurrency: number): void;
  /** Leaves an organisation's jobs alone for a moment, in milliseconds. */
  pause(flag: string | null, forMs: number): void;
  /** The flags of all open breakers. */
  close(flags: readonly string[]): void;
}

/**
 * @param slots jobs that this process runs at a time
 * @param now milliseconds, rising
 */
export function createGate(slots: number, now: () => number = () => performance.now()): Gate {
  // A quarter is kept for the others, one slot at least; a process with a single one has nothing to keep.
  const most = Math.max(1, slots - Math.max(1, Math.floor(slots / 4)));
  const taken = new Map<string, number>();
  const limits = new Map<string, number>();
  const pausedUntil = new Map<string, number>();
  let closed: readonly string[] = [];

  const isFull = (flag: string) => (taken.get(flag) ?? 0) >= Math.min(most, limits.get(flag) ?? most);

  function isPaused(flag: string): boolean {
    const until = pausedUntil.get(flag);
    if (until === undefined) return false;
    if (until > now()) return true;
    pausedUntil.delete(flag);
    return false;
  }

  return {
    forbiddenFlags() {
      const full = [...taken.keys()].filter(isFull);
      const paused = [...pausedUntil.keys()].filter(isPaused);
      const flags = new Set([...closed, ...full, ...paused]);
      return flags.size === 0 ? null : [...flags];
    },
    enter(flag) {
      if (flag === null) return { [Symbol.dispose]: () => undefined };
      if (isFull(flag)) return null;
      taken.set(flag, (taken.get(flag) ?? 0) + 1);
      return {
        [Symbol.dispose]() {
          const left = (taken.get(flag) ?? 1) - 1;
          if (left === 0) taken.delete(flag);
          else taken.set(flag, left);
        },
      };
    },
    limit(flag, concurrency) {
      if (flag !== null) limits.set(flag, concurrency);
    },
    pause(flag, forMs) {
      if (flag !== null) pausedUntil.set(flag, Math.max(pausedUntil.get(flag) ?? 0, now() + forMs));
    },
    close(flags) {
      closed = flags;
    },
  };
}
