import type { Pool, QueryConfig } from 'pg';
import { createIndexer } from '../personnummer/blind-index.ts';
import { createUnsealer } from '../personnummer/unseal.ts';
import { deploymentRules } from '../runtime/deployment.ts';
import { refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import type { Logger } from '../runtime/logger.ts';
import { askWhenAccepted, createSignIn, type SignIn } from '../runtime/sign-in.ts';
import { refuseUnusableFile, refuseWrongDatabase } from '../runtime/start-refused.ts';
import { noTracing, type Tracing } from '../runtime/tracing/tracing.ts';
import type { ReachConfig, WorkerConfig } from './config.ts';
import { createWorkerPool } from './database/pool.ts';
import { createWorkerDatabase, type WorkerDatabase } from './database.ts';
import { createDeliver, type DeliverOptions } from './deliver.ts';
import type { ErasureOptions } from './erasures.ts';
import { createGate } from './gate.ts';
import { logGatherFailures } from './gather.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createInvoiceService } from './invoices/invoice-service.ts';
import { createIssue, type IssueOptions } from './invoices/issue.ts';
import { longestInvoiceRequestMs } from './invoices/issuer.ts';
import { type KeptRunning, keepRunning } from './keep-running.ts';
import { createLeases } from './leases.ts';
import { createTaskLedger } from './ledger.ts';
import { createAccessTokens } from './member-system/access-tokens.ts';
import { createAuthorize } from './member-system/authorization.ts';
import { keepsBody } from './member-system/send.ts';
import { longestRequestMs } from './member-system/settings.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createQueueLogger, startQueue, unlockJobs } from './queue.ts';
import { createRenew } from './renew-number.ts';
import type { OpenNumberOptions } from './sealed-numbers.ts';
import { createSealingDatabase } from './sealing/database.ts';
import { startSealing } from './sealing/start-sealing.ts';
import { createTaskList } from './task-list.ts';

/** A worker that has been started. */
export interface RunningWorker {
  /** Rejects when the worker gives up; the program should exit then. */
  readonly ended: Promise<void>;
  readonly metrics: Metrics;
  /** Rejected when it does not reach the database, or takes no jobs. */
  assertReady(timeoutMs: number): Promise<void>;
  /** Takes no more jobs, gives the running ones a moment, gives back what is left, and ends its connections. */
  stop(): Promise<void>;
}

/** Settings that only tests change. */
export interface WorkerTuning {
  readonly pollIntervalMs?: number;
  readonly crontab?: string;
  readonly longestPauseMs?: number;
  readonly beatEveryMs?: number;
  readonly sealEveryMs?: number;
}

// Longer than the longest request with a fresh token: thirty seconds and ten.
const taskTimeoutMs = 45_000;
// A lease lasts fifteen seconds: two beats may get lost.
const beatEveryMs = 4_000;
// An event is sealed within ten seconds.
const sealEveryMs = 3_000;
// A database that is away for longer is somebody's incident; the process exits so that its supervisor shows it.
const giveUpAfterMs = 10 * 60_000;
// What is read of member systems is small; a page of this size is a mistake.
const longestAnswerBytes = 256 * 1024;

/** What reads numbers and reaches member systems, from the configuration. */
export function createCarrier(config: WorkerConfig): Omit<DeliverOptions, 'tracing'> {
  const options = { deployment: config.deployment, maxBytes: longestAnswerBytes };
  const numbers: OpenNumberOptions = {
    unsealer: createUnsealer(config.unsealingKeys),
    indexer: createIndexer(config.indexSecrets),
    indexVersions: new Set(config.indexSecrets.map(({ version }) => version)),
  };
  return {
    ...numbers,
    ...createReader(config),
    fetch: createGuardedFetch({ ...options, timeoutMs: longestRequestMs, keepsBody }),
  };
}

/** What reaches member systems and changes nothing there. */
export function createReader({
  deployment,
  memberSystemSecrets: secrets,
}: ReachConfig): Pick<DeliverOptions, 'authorize' | 'readingFetch'> {
  const options = { deployment, maxBytes: longestAnswerBytes };
  const tokenFetch = createGuardedFetch({ ...options, timeoutMs: 10_000 });
  const { allowsPlainHttp } = deploymentRules(deployment);
  const accessTokens = createAccessTokens({ fetch: tokenFetch, allowsPlainHttp });
  return {
    authorize: createAuthorize({ secrets, accessTokens }),
    readingFetch: createGuardedFetch({ ...options, timeoutMs: longestRequestMs }),
  };
}

/** What reads numbers and reaches invoice services, from the configuration. */
export function createInvoicing(config: WorkerConfig, numbers: OpenNumberOptions): IssueOptions {
  const { deployment, invoiceSecrets: secrets } = config;
  const options = { deployment, maxBytes: longestAnswerBytes };
  const tokenFetch = createGuardedFetch({ ...options, timeoutMs: 10_000 });
  const { allowsPlainHttp } = deploymentRules(deployment);
  const accessTokens = createAccessTokens({ fetch: tokenFetch, allowsPlainHttp });
  const fetch = createGuardedFetch({ ...options, timeoutMs: longestInvoiceRequestMs });
  const { unsealer, indexer, indexVersions } = numbers;
  const service = createInvoiceService({ secrets, accessTokens, fetch, deployment });
  return { unsealer, indexer, indexVersions, service };
}

/** What carries erasures out, from the configuration. */
export function createErasing(config: WorkerConfig, database: WorkerDatabase): ErasureOptions {
  const { erasureLedger, deployment, sealing } = config;
  return { database, ledger: createTaskLedger(erasureLedger, deployment), signer: sealing.signers[0] };
}

/**
 * What is asked before the first job is taken.
 *
 * @throws {StartRefused} where the database or the file of checkpoints is not what it should be
 * @throws {LedgerError} when the database lacks an erasure of the ledger, or the ledger cannot be read
 */
export async function checkBeforeStart(config: WorkerConfig, log: Logger, signIn: SignIn): Promise<void> {
  const { checkpointFile } = config.sealing;
  if (checkpointFile !== null) await refuseUnusableFile('AUDIT_CHECKPOINT_FILE', checkpointFile);
  const pool = createWorkerPool(config, log, signIn);
  const { missingErasures } = createWorkerDatabase(pool);
  try {
    await askWhenAccepted(signIn, async () => {
      await refuseWrongDatabase(pool, { role: 'sync_worker', schema: 'worker' });
      await refuseMissingErasures(config.erasureLedger, config.deployment, missingErasures);
    });
  } finally {
    await pool.end();
  }
}

/**
 * Builds the real things and starts taking jobs.
 *
 * @param surroundings.signIn of all connections of this process
 */
export function createWorker(
  config: WorkerConfig,
  log: Logger,
  tuning: WorkerTuning = {},
  { signIn = createSignIn(log), tracing = noTracing }: { signIn?: SignIn; tracing?: Tracing } = {},
): RunningWorker {
  const pool: Pool = createWorkerPool(config, log, signIn);
  const { preparedStatements } = config;
  const database = createWorkerDatabase(pool, { preparedStatements, onGatherFailure: logGatherFailures(log) });
  const gate = createGate(config.concurrency);
  const leases = createLeases();
  const invoiceLeases = createLeases();
  const sealingDatabase = createSealingDatabase(pool);
  const metrics = createMetrics({
    read: () => database.metrics(),
    readSealing: () => sealingDatabase.metrics(),
    droppedSpans: () => tracing.dropped(),
    freshForMs: 5_000,
    withProcess: true,
  });
  const carrier = createCarrier(config);
  const heartbeat = startHeartbeat({
    database,
    leases,
    invoiceLeases,
    gate,
    log,
    everyMs: tuning.beatEveryMs ?? beatEveryMs,
  });
  const sealing = startSealing({
    ...config.sealing,
    database: sealingDatabase,
    log,
    everyMs: tuning.sealEveryMs ?? sealEveryMs,
  });
  const onBreaker = () => heartbeat.beat();
  const { authorize, readingFetch, indexer } = carrier;
  const drift = { authorize, indexer, fetch: readingFetch };
  const parts = {
    drift,
    database,
    deliver: createDeliver({ ...carrier, tracing }),
    issue: createIssue(createInvoicing(config, carrier)),
    numbers: carrier,
    leases,
    invoiceLeases,
    gate,
    metrics,
    onBreaker,
    erasing: createErasing(config, database),
    renew: createRenew(carrier, config.unsealingKeys),
  };
  const taskList = createTaskList({ ...parts, log, tracing, timeoutMs: taskTimeoutMs });
  const { concurrency } = config;
  const run = {
    createPool: () => createWorkerPool(config, log, signIn),
    taskList,
    logger: createQueueLogger(log),
    concurrency,
    preparedStatements,
    forbiddenFlags: () => gate.forbiddenFlags(),
    onPool: (poolId: string) => heartbeat.beatAs(poolId),
    ...tuning,
  };
  const queue: KeptRunning = keepRunning({
    start: (onListening) => startQueue(run, onListening),
    unlock: (poolIds) => unlockJobs(pool, poolIds),
    log,
    giveUpAfterMs,
    pausedMs: signIn.pausedMs,
    ...(tuning.longestPauseMs !== undefined && { longestPauseMs: tuning.longestPauseMs }),
  });
  return {
    ended: queue.ended,
    metrics,
    async assertReady(timeoutMs) {
      if (!queue.running()) throw new Error('no jobs are taken');
      await pool.query({ text: 'select 1', query_timeout: timeoutMs } as QueryConfig);
    },
    async stop() {
      await queue.stop();
      await heartbeat.stop();
      await sealing.stop();
      if (!pool.ended) await pool.end();
    },
  };
}
