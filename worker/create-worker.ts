import type { Pool } from 'pg';
import { createIndexer } from '../personnummer/blind-index.ts';
import { createUnsealer } from '../personnummer/unseal.ts';
import { deploymentRules } from '../runtime/deployment.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import type { Logger } from '../runtime/logger.ts';
import { createPool } from '../runtime/pg-pool.ts';
import type { WorkerConfig } from './config.ts';
import { createDeliver, type Deliver } from './deliver.ts';
import { createDoors } from './doors.ts';
import { type KeptRunning, keepRunning } from './keep-running.ts';
import { createAccessTokens } from './member-system/access-tokens.ts';
import { createAuthorize } from './member-system/authorization.ts';
import { longestRequestMs } from './member-system/settings.ts';
import { startQueue, unlockJobs } from './queue.ts';
import { createQueueLogger } from './queue-logger.ts';
import { createTaskList } from './task-list.ts';

/** A worker that has been started. */
export interface RunningWorker {
  /** Rejects when the worker gives up; the program should exit then. */
  readonly ended: Promise<void>;
  /** Whether it reaches the database and takes jobs. */
  ready(): Promise<boolean>;
  /** Takes no more jobs, gives the running ones a moment, gives back what is left, and ends its connections. */
  stop(): Promise<void>;
}

/** Settings that only tests change. */
export interface WorkerTuning {
  readonly pollIntervalMs?: number;
  readonly crontab?: string;
  readonly longestPauseMs?: number;
}

// Longer than the longest request with a fresh token, shorter than a minute: far below the queue's own lock of four hours.
const taskTimeoutMs = 50_000;
// A database that is away for longer is somebody's incident; the process exits so that its supervisor shows it.
const giveUpAfterMs = 10 * 60_000;
// Answers of member systems are a status; a page of this size is a mistake.
const longestAnswerBytes = 256 * 1024;

function createDelivery(config: WorkerConfig): Deliver {
  const options = { deployment: config.deployment, maxBytes: longestAnswerBytes };
  const tokenFetch = createGuardedFetch({ ...options, timeoutMs: 10_000 });
  const { allowsPlainHttp } = deploymentRules(config.deployment);
  const accessTokens = createAccessTokens({ fetch: tokenFetch, allowsPlainHttp });
  return createDeliver({
    unsealer: createUnsealer(config.unsealingKeys),
    indexer: createIndexer(config.indexSecrets),
    indexVersions: new Set(config.indexSecrets.map(({ version }) => version)),
    authorize: createAuthorize({ secrets: config.memberSystemSecrets, accessTokens }),
    fetch: createGuardedFetch({ ...options, timeoutMs: longestRequestMs }),
  });
}

function createWorkerPool(config: WorkerConfig, log: Logger): Pool {
  // One connection listens; jobs hold theirs only while they talk to the database.
  const max = config.concurrency + 2;
  const pool = createPool({ connectionString: config.databaseUrl, max, applicationName: 'sync-worker', log });
  // A connection that breaks while graphile-worker holds it would otherwise end the process. Whoever uses it hears of it
  // from the failing query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Builds the real things and starts taking jobs. */
export function createWorker(config: WorkerConfig, log: Logger, tuning: WorkerTuning = {}): RunningWorker {
  const pool = createWorkerPool(config, log);
  const doors = createDoors(pool);
  const taskList = createTaskList({ doors, deliver: createDelivery(config), log, timeoutMs: taskTimeoutMs });
  const { concurrency, preparedStatements } = config;
  const queueOptions = { pool, taskList, logger: createQueueLogger(log), concurrency, preparedStatements, ...tuning };
  const queue: KeptRunning = keepRunning({
    start: (onListening) => startQueue(queueOptions, onListening),
    unlock: (poolIds) => unlockJobs(pool, poolIds),
    log,
    giveUpAfterMs,
    ...(tuning.longestPauseMs !== undefined && { longestPauseMs: tuning.longestPauseMs }),
  });
  return {
    ended: queue.ended,
    async ready() {
      return queue.running() && (await pool.query('select 1')).rowCount === 1;
    },
    async stop() {
      await queue.stop();
      await pool.end();
    },
  };
}
