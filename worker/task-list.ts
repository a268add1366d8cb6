import type { Task, TaskList } from 'graphile-worker';
import type { Logger } from '../runtime/logger.ts';
import { Failure } from './failure.ts';
import { type CarryOutErasureOptions, createCarryOutErasure } from './tasks/carry_out_erasure.ts';
import { type CheckDriftOptions, createCheckDrift } from './tasks/check_drift.ts';
import { type CountFiguresOptions, createCountFigures } from './tasks/count_figures.ts';
import { type CountGrantOptions, createCountGrant } from './tasks/count_grant.ts';
import { createEraseExpired, type EraseExpiredOptions } from './tasks/erase_expired.ts';
import { createIssueInvoice, type IssueInvoiceOptions } from './tasks/issue_invoice.ts';
import { createProcessObservation, type ProcessObservationOptions } from './tasks/process_observation.ts';
import { createPushPersonnummer, type PushPersonnummerOptions } from './tasks/push_personnummer.ts';
import { createReconcile, type ReconcileOptions } from './tasks/reconcile.ts';
import { createRenewNumbers, type RenewNumbersOptions } from './tasks/renew_numbers.ts';
import { createWriteFiles, type WriteFilesOptions } from './tasks/write_files.ts';

/** What the tasks need. */
export type TaskListOptions = PushPersonnummerOptions &
  IssueInvoiceOptions &
  ProcessObservationOptions &
  ReconcileOptions &
  EraseExpiredOptions &
  CarryOutErasureOptions &
  CountFiguresOptions &
  CountGrantOptions &
  WriteFilesOptions &
  RenewNumbersOptions &
  CheckDriftOptions & { readonly log: Logger };

/** Lets only fixed codes out of a task: graphile-worker stores what it throws, and other errors may quote values. */
function withFixedCodes(identifier: string, task: Task, log: Logger): Task {
  return async (payload, helpers) => {
    try {
      return await task(payload, helpers);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
      if (failure.cause !== undefined)
        log.error({ task: identifier, jobId: helpers.job.id, err: failure.cause }, failure.code);
      throw failure;
    }
  };
}

/** All tasks of the worker by their identifier, which is the name of their file and the text SQL enqueues. */
export function createTaskList(options: TaskListOptions): TaskList {
  const tasks: Record<string, Task> = {
    push_personnummer: createPushPersonnummer(options),
    issue_invoice: createIssueInvoice(options),
    process_observation: createProcessObservation(options),
    reconcile: createReconcile(options),
    write_files: createWriteFiles(options),
    check_drift: createCheckDrift(options),
    erase_expired: createEraseExpired(options),
    carry_out_erasure: createCarryOutErasure(options),
    count_figures: createCountFigures(options),
    count_grant: createCountGrant(options),
    renew_numbers: createRenewNumbers(options),
  };
  const guarded = Object.entries(tasks).map(([identifier, task]) => [
    identifier,
    withFixedCodes(identifier, task, options.log),
  ]);
  return Object.fromEntries(guarded);
}
