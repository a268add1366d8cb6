import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { WorkerDatabase } from '../database.ts';

/** What the task needs. */
export interface ReconcileOptions {
  readonly database: WorkerDatabase;
  readonly log: Logger;
}

/**
 * Creates the task `reconcile`: has the database queue again whatever is waiting without a live job, so that a job that
 * was lost, stuck or used up delays a change but never loses it.
 */
export function createReconcile({ database, log }: ReconcileOptions): Task {
  return async () => {
    for (const { what, queued } of await database.reconcile()) {
      if (queued > 0) log.warn({ what, queued }, 'queued again');
    }
  };
}
