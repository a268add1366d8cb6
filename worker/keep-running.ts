import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../runtime/logger.ts';
import type { QueueRun } from './queue.ts';

/** What keeping the queue running needs. */
export interface KeepRunningOptions {
  /** Starts one run; calls back when it has reached the database. */
  start(onListening: () => void): Promise<QueueRun>;
  /** Gives back the jobs of ended runs. */
  unlock(poolIds: readonly string[]): Promise<void>;
  readonly log: Logger;
  /** After this long without reaching the database the worker gives up, in milliseconds. */
  readonly giveUpAfterMs: number;
  /** Longest pause between two tries, in milliseconds. */
  readonly longestPauseMs?: number;
  /** How long the database is not to be asked, in milliseconds. */
  readonly pausedMs?: () => number;
}

/** A queue that is started again when it ends unasked. */
export interface KeptRunning {
  /** Fulfilled when stopped; rejected when it gave up. */
  readonly ended: Promise<void>;
  /** Whether the queue is running now. */
  running(): boolean;
  stop(): Promise<void>;
}

/**
 * Keeps a queue running while the database comes and goes.
 *
 * graphile-worker ends a run when it cannot write down that a job is done. Here the next run starts after a growing
 * pause (0.25 s, 0.5 s, 1 s, 2 s) and first gives back the jobs of the one that ended. When the database stays away too long,
 * `ended` rejects and the program should exit: whoever supervises the process then sees it.
 */
export function keepRunning(options: KeepRunningOptions): KeptRunning {
  const { log, giveUpAfterMs, longestPauseMs = 2_000 } = options;
  const stopping = new AbortController();
  const patience = createPatience(giveUpAfterMs, longestPauseMs);
  let current: QueueRun | null = null;
  let left: string[] = [];

  async function runOnce(): Promise<void> {
    if (left.length > 0) await options.unlock(left);
    left = [];
    current = await options.start(patience.renew);
    left.push(current.poolId);
    // Asked to stop while it was starting, when there was nothing to stop yet.
    if (stopping.signal.aborted) await current.stop();
    await current.ended;
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await runOnce();
        if (!stopping.signal.aborted) log.error('the queue ended unasked');
      } catch (error) {
        log.error({ err: error }, 'the queue failed');
      } finally {
        current = null;
      }
      if (stopping.signal.aborted) return;
      // 57 is how graphile-worker says that the database's schema is newer than it understands.
      if (process.exitCode === 57) throw new Error('queue_schema_too_new');
      const ms = Math.max(patience.nextPauseMs(), options.pausedMs?.() ?? 0);
      await pause(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  const ended = loop();
  return {
    ended,
    running: () => current !== null,
    async stop() {
      stopping.abort();
      await current?.stop();
      await ended;
    },
  };
}

/** How long a database that stays away is waited for, and how long between two tries. */
function createPatience(giveUpAfterMs: number, longestPauseMs: number) {
  /** Since when every try has failed. */
  let failingSince: number | null = null;
  let failures = 0;
  return {
    /** The database was reached: all is as at first. */
    renew() {
      failingSince = null;
      failures = 0;
    },
    /** The pause after one more try that failed; throws when patience is at its end. */
    nextPauseMs(): number {
      failingSince ??= performance.now();
      if (performance.now() - failingSince > giveUpAfterMs) throw new Error('queue_given_up');
      return Math.min(250 * 2 ** Math.min(failures++, 10), longestPauseMs);
    },
  };
}
