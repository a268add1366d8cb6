import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { Doors } from '../doors/doors.ts';

/** What the task needs. */
export interface ReconcileOptions {
  readonly doors: Doors;
  readonly log: Logger;
}

/**
 * Creates the task `reconcile`: has the database queue again whatever is waiting without a live job, so that a job that
 * was lost, stuck or used up delays a change but never loses it.
 */
export function createReconcile({ doors, log }: ReconcileOptions): Task {
  return async () => {
    for (const { what, queued } of await doors.reconcile()) {
      if (queued > 0) log.warn({ what, queued }, 'queued again');
    }
  };
}
