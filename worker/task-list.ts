import type { Task, TaskList } from 'graphile-worker';
import type { Logger } from '../runtime/logger.ts';
import type { Deliver } from './deliver.ts';
import type { Doors } from './doors.ts';
import { Failure } from './failure.ts';
import { createProcessObservation } from './tasks/process_observation.ts';
import { createPushPersonnummer } from './tasks/push_personnummer.ts';
import { createReconcile } from './tasks/reconcile.ts';

/** What the tasks need. */
export interface TaskListOptions {
  readonly doors: Doors;
  readonly deliver: Deliver;
  readonly log: Logger;
  /** Longest time one attempt at a push may take, in milliseconds. */
  readonly timeoutMs: number;
}

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
    process_observation: createProcessObservation(options),
    reconcile: createReconcile(options),
  };
  const guarded = Object.entries(tasks).map(([identifier, task]) => [
    identifier,
    withFixedCodes(identifier, task, options.log),
  ]);
  return Object.fromEntries(guarded);
}
