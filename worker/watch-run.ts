import type { WorkerEvents } from 'graphile-worker';

/** Whether a run of graphile-worker still does something. */
export interface SignsOfLife {
  /** Fulfilled when the run takes no more jobs and does not come to its end either. */
  readonly hangs: Promise<void>;
  /** From now on it is expected to end soon. */
  expectEnd(): void;
  stop(): void;
}

/** How long things may take, in milliseconds. */
export interface Patience {
  /** From the moment a run begins to shut down; running jobs have five seconds, and their last words some more. */
  readonly endMs: number;
  /** Without a look for jobs. An idle loop looks every two seconds; all loops may be busy for as long as one attempt may last. */
  readonly lookMs: number;
  readonly everyMs: number;
}

const patience: Patience = { endMs: 12_000, lookMs: 90_000, everyMs: 500 };

/**
 * Watches a run. After some losses of the database graphile-worker 0.18 begins to shut down, unasked, and never comes to its
 * end: nothing is fetched any more, and nobody is told. Such a run is given up, and the next one started.
 */
export function watchRun(events: WorkerEvents, { endMs, lookMs, everyMs }: Patience = patience): SignsOfLife {
  const { promise: hangs, resolve } = Promise.withResolvers<void>();
  let looked = performance.now();
  let ending: number | null = null;
  const look = () => {
    looked = performance.now();
  };
  const expectEnd = () => {
    ending ??= performance.now();
  };
  events.on('worker:getJob:start', look);
  events.on('job:complete', look);
  events.on('pool:gracefulShutdown', expectEnd);
  events.on('pool:forcefulShutdown', expectEnd);
  const timer = setInterval(() => {
    const now = performance.now();
    if ((ending !== null && now - ending > endMs) || now - looked > lookMs) resolve();
  }, everyMs);
  timer.unref();
  return { hangs, expectEnd, stop: () => clearInterval(timer) };
}
