import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { WorkerDatabase } from '../database.ts';
import { compareDrift, type DriftOptions } from '../drift.ts';
import { readDriftPayload } from '../payloads.ts';

/** What the task needs. */
export interface CheckDriftOptions {
  readonly database: Pick<WorkerDatabase, 'readableOrganizations' | 'driftPage' | 'reportDrift'>;
  readonly drift: Omit<DriftOptions, 'database' | 'signal'>;
  readonly log: Logger;
}

// Far below the time after which the queue takes a job for lost; the rest is the next job's.
const pageMs = 30_000;

/**
 * Creates the task `check_drift`. Without an organisation (at night) it queues itself for each one whose member system can be
 * read; with one it compares a page and queues itself for the rest.
 */
export function createCheckDrift({ database, drift, log }: CheckDriftOptions): Task {
  return async (payload, { addJob, abortSignal }) => {
    const { organization, after = null } = readDriftPayload(payload);
    const queue = (organization: string, after: string | null) =>
      addJob('check_drift', { organization, after }, { jobKey: `check_drift:${organization}`, maxAttempts: 3 });
    if (organization === undefined) {
      for (const { organization } of await database.readableOrganizations()) await queue(organization, null);
      return;
    }
    const until = performance.now() + pageMs;
    const page = await compareDrift(organization, after, until, { ...drift, database, signal: abortSignal });
    log.info({ organization, ...page.counts, done: page.after === null }, 'compared with the member system');
    if (page.after !== null) await queue(organization, page.after);
  };
}
