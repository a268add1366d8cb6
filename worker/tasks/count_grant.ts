import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { WorkerDatabase } from '../database.ts';
import { readGrantPayload } from '../payloads.ts';

/** What the task needs. */
export interface CountGrantOptions {
  readonly database: Pick<WorkerDatabase, 'countGrant'>;
  readonly log: Logger;
}

/** Creates the task `count_grant`: has the database count the members for a grant, which a coordinator asked for at the desk. */
export function createCountGrant({ database, log }: CountGrantOptions): Task {
  return async (payload) => {
    const { snapshot_id: snapshotId } = readGrantPayload(payload);
    const counted = await database.countGrant(snapshotId);
    log.info({ snapshotId, counted }, 'members counted for a grant');
  };
}
