import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { WorkerDatabase } from '../database.ts';

/** What the task needs. */
export interface EraseExpiredOptions {
  readonly database: Pick<WorkerDatabase, 'eraseExpired'>;
  readonly log: Logger;
}

/** Small enough that no login waits for it noticeably. */
const atOnce = 1_000;

/** Creates the task `erase_expired`: has the database erase what it keeps for a time only, until nothing is overdue. */
export function createEraseExpired({ database, log }: EraseExpiredOptions): Task {
  return async () => {
    let erased = 0;
    for (let last = atOnce; last >= atOnce; erased += last) last = await database.eraseExpired(atOnce);
    if (erased > 0) log.info({ erased }, 'data erased whose time was over');
  };
}
