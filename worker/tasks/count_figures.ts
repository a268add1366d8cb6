import type { Task } from 'graphile-worker';
import type { WorkerDatabase } from '../database.ts';

/** What the task needs. */
export interface CountFiguresOptions {
  readonly database: Pick<WorkerDatabase, 'countFigures'>;
}

/** Creates the task `count_figures`: has the database count what coordinators' views show as of the last count. */
export function createCountFigures({ database }: CountFiguresOptions): Task {
  return () => database.countFigures();
}
