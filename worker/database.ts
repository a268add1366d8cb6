import type { Pool } from 'pg';
import { createCall } from './database/call.ts';
import { createDriftCalls, type DriftCalls } from './database/drift.ts';
import { createErasureCalls, type ErasureCalls } from './database/erasures.ts';
import { createFileCalls, type FileCalls } from './database/files.ts';
import { createGrantCalls, type GrantCalls } from './database/grants.ts';
import { createInvoiceCalls, type InvoiceCalls } from './database/invoices.ts';
import { createPushCalls, type PushCalls } from './database/pushes.ts';
import { createRightsCalls, type RightsCalls } from './database/rights.ts';
import { createUpkeepCalls, type UpkeepCalls } from './database/upkeep.ts';

/**
 * The functions of schema `worker`: all that the role `sync_worker` may do with our data.
 * Each throws the Failure `database_failed`, with the database's own error as its cause, or `database_row_unexpected`, with what is
 * wrong with the row.
 */
export interface WorkerDatabase
  extends PushCalls,
    InvoiceCalls,
    FileCalls,
    DriftCalls,
    ErasureCalls,
    RightsCalls,
    GrantCalls,
    UpkeepCalls {}

export interface WorkerDatabaseOptions {
  /** False behind a pooler that does not keep sessions; the default. */
  readonly preparedStatements?: boolean;
  /** Hears when a call for many failed; each of them is then asked for alone. */
  readonly onGatherFailure?: (name: string, error: unknown) => void;
}

export function createWorkerDatabase(pool: Pool, options: WorkerDatabaseOptions = {}): WorkerDatabase {
  const { preparedStatements = false, onGatherFailure = () => undefined } = options;
  const call = createCall(pool, preparedStatements);
  return {
    ...createPushCalls(call, onGatherFailure),
    ...createInvoiceCalls(call),
    ...createFileCalls(call),
    ...createDriftCalls(call),
    ...createErasureCalls(call),
    ...createRightsCalls(call),
    ...createGrantCalls(call),
    ...createUpkeepCalls(call),
  };
}
