import { Failure } from './failure.ts';

/** A push this process is sending. Disposing of it ends that. */
interface Lease extends Disposable {
  /** Aborts, with the Failure `lease_lost`, when another worker may have the push. */
  readonly signal: AbortSignal;
  /** Throws that Failure when the lease has run out; a process that was paused learns it here, before its timers run. */
  assertHeld(): void;
}

/** The pushes that this process holds, and until when. */
export interface Leases {
  /**
   * @param claimedAt `performance.now()` from before the claim was sent: the lease began later than that
   * @param leaseMs its length, in milliseconds
   */
  hold(pushId: string, fencingToken: string, claimedAt: number, leaseMs: number): Lease;
  /** What is held, for the heartbeat. */
  held(): { readonly ids: string[]; readonly fencingTokens: string[] };
  /** The database renewed everything that was held, but for what it says is lost. @param at from before it was asked */
  renewed(at: number, lost: readonly string[]): void;
}

interface Entry {
  readonly token: string;
  readonly leaseMs: number;
  readonly lost: AbortController;
  until: number;
  timer: NodeJS.Timeout;
}

// Clocks differ and timers run late; what is left of a lease this close to its end is not used.
const marginMs = 1_000;

/** Creates an empty set of leases. */
export function createLeases(): Leases {
  const entries = new Map<string, Entry>();
  const lose = (entry: Entry) => entry.lost.abort(new Failure('lease_lost'));

  const arm = (entry: Entry, from: number): void => {
    clearTimeout(entry.timer);
    entry.until = from + entry.leaseMs - marginMs;
    entry.timer = setTimeout(() => lose(entry), Math.max(0, entry.until - performance.now()));
    entry.timer.unref();
  };

  return {
    hold(pushId, token, claimedAt, leaseMs) {
      const entry: Entry = {
        token,
        leaseMs,
        lost: new AbortController(),
        until: 0,
        timer: setTimeout(() => undefined),
      };
      arm(entry, claimedAt);
      entries.set(pushId, entry);
      return {
        signal: entry.lost.signal,
        assertHeld() {
          if (performance.now() > entry.until) lose(entry);
          entry.lost.signal.throwIfAborted();
        },
        [Symbol.dispose]() {
          clearTimeout(entry.timer);
          if (entries.get(pushId) === entry) entries.delete(pushId);
        },
      };
    },
    held() {
      const all = [...entries];
      return { ids: all.map(([id]) => id), fencingTokens: all.map(([, { token }]) => token) };
    },
    renewed(at, lost) {
      for (const [pushId, entry] of entries) {
        if (lost.includes(pushId)) lose(entry);
        // One that was claimed after the database was asked has a lease of its own that ends later.
        else if (at + entry.leaseMs - marginMs > entry.until) arm(entry, at);
      }
    },
  };
}
