import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type LogLevel,
  Logger as QueueLogger,
  type Runner,
  run,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from '../runtime/logger.ts';
import { type SignsOfLife, watchRun } from './watch-run.ts';

/** What a run of the queue needs. */
export interface QueueOptions {
  /** Makes the connections of one run; a run that hangs is left behind together with them. */
  createPool(): Pool;
  readonly taskList: TaskList;
  readonly logger: QueueLogger;
  /** Jobs at a time. */
  readonly concurrency: number;
  /** Flags of jobs to leave alone; asked before each fetch. */
  readonly forbiddenFlags?: () => string[] | null;
  /** Hears the name under which this run locks its jobs, before it takes any. */
  readonly onPool?: (poolId: string) => void;
  /** False behind a pooler that does not keep sessions. */
  readonly preparedStatements: boolean;
  /** Longest wait before a job is seen whose notification got lost, in milliseconds. */
  readonly pollIntervalMs?: number;
  /** Crontab text instead of the file beside this one. */
  readonly crontab?: string;
}

/** One run of graphile-worker, from its start until it ends for whatever reason. */
export interface QueueRun {
  /** Under this id the run locks its jobs. */
  readonly poolId: string;
  /**
   * Fulfilled when the run has ended; asked or unasked, because graphile-worker 0.18 does not tell them apart. Also when it
   * takes no more jobs but does not come to its end.
   */
  readonly ended: Promise<void>;
  /** Takes no more jobs, gives the running ones five seconds, then aborts them. */
  stop(): Promise<void>;
}

const abortAfterMs = 5_000;

/**
 * Starts graphile-worker with our tasks. `onListening` is called each time it has a connection that listens for jobs.
 *
 * Completing and failing go through its batches: without them 0.18 leaves those promises unhandled, and a database that
 * goes away while a job runs would take the whole process down.
 */
export async function startQueue(options: QueueOptions, onListening: () => void): Promise<QueueRun> {
  const events: WorkerEvents = new EventEmitter();
  const signs = watchRun(events);
  let poolId = '';
  events.on('pool:create', ({ workerPool }) => {
    poolId = workerPool.id;
    options.onPool?.(poolId);
  });
  events.on('pool:listen:success', onListening);
  const pool = options.createPool();
  // It is given back without waiting: a connection that hangs would never come home.
  const leave = () => void pool.end().catch(() => undefined);
  try {
    const runner = await run({ ...settingsOf(options), pgPool: pool, events });
    const ended = Promise.race([runner.promise, signs.hangs]).finally(() => {
      signs.stop();
      leave();
    });
    return { poolId, ended, stop: () => stopAndWait(runner, signs, ended) };
  } catch (error) {
    signs.stop();
    leave();
    throw error;
  }
}

function settingsOf(options: QueueOptions) {
  return {
    taskList: options.taskList,
    logger: options.logger,
    concurrency: options.concurrency,
    pollInterval: options.pollIntervalMs ?? 2_000,
    forbiddenFlags: options.forbiddenFlags ?? null,
    noHandleSignals: true,
    noPreparedStatements: !options.preparedStatements,
    gracefulShutdownAbortTimeout: abortAfterMs,
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    ...(options.crontab === undefined
      ? { crontabFile: fileURLToPath(new URL('./crontab', import.meta.url)) }
      : { crontab: options.crontab }),
  };
}

/** Waits for the end, whoever asked for it. */
async function stopAndWait(runner: Runner, signs: SignsOfLife, ended: Promise<void>): Promise<void> {
  signs.expectEnd();
  // It refuses when it is stopping already, and that is what was wanted; it may also never answer.
  await Promise.race([runner.stop().catch(() => undefined), ended.catch(() => undefined)]);
  await ended;
}

/** Gives back at once the jobs of runs that have ended; otherwise they stay locked for four hours. */
export async function unlockJobs(pool: Pool, poolIds: readonly string[]): Promise<void> {
  await pool.query('select graphile_worker.force_unlock_workers(worker_ids => $1::text[])', [poolIds]);
}

const levels: Readonly<Record<LogLevel, 'error' | 'warn' | 'info' | 'debug'>> = {
  error: 'error',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
};

/**
 * Lets graphile-worker write through the program's logger, which scrubs.
 *
 * Of its metadata only the ids of the scope are taken: the rest holds whole jobs and raw errors. Of a message only the
 * first line, because the others are stack traces.
 */
export function createQueueLogger(log: Logger): QueueLogger {
  return new QueueLogger(({ label, workerId, taskIdentifier, jobId }) => (level, message, meta) => {
    const scope = { label, workerId, task: taskIdentifier, jobId };
    // Every finished job would be a line; the tasks themselves say what is worth one.
    const as = meta?.success === true ? 'debug' : levels[level];
    log[as](scope, message.split('\n', 1)[0] ?? '');
  });
}
