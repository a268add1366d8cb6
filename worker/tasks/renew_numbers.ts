import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { WorkerDatabase } from '../database.ts';
import { Failure } from '../failure.ts';
import { readRenewalPayload } from '../payloads.ts';
import type { Renew } from '../renew-number.ts';

/** What the task needs. */
export interface RenewNumbersOptions {
  readonly database: Pick<WorkerDatabase, 'numbersToRenew' | 'renewNumbers'>;
  readonly renew: Renew;
  readonly log: Logger;
}

/** Where numbers are kept sealed, in this order: what was brought first is recorded last. */
export const renewedPlaces = ['observations', 'offered_numbers', 'resolutions', 'members'] as const;

// Small enough that no login waits noticeably for a member that is being renewed.
const mostAtOnce = 100;
// Far below the time after which the queue takes a job for lost; the rest is the next job's.
const pageMs = 20_000;
// Rows that somebody held at that moment.
const nextRoundMs = 60_000;
// What is left then is not held by anybody: a number that two records have.
const mostRounds = 10;

/**
 * Creates the task `renew_numbers`: seals and indexes stored numbers anew under the keys that the payload names, page by page, and queues
 * itself for the rest. The payload says how far it is, so a worker that was stopped loses a page at most, and doing one twice changes nothing.
 *
 * @returns the task; it throws `index_secret_unknown` or `sealing_key_unknown` where this worker does not have the keys yet
 */
export function createRenewNumbers({ database, renew, log }: RenewNumbersOptions): Task {
  return async (payload, { addJob, abortSignal }) => {
    const {
      index_version,
      sealing_kid,
      place = renewedPlaces[0],
      after = null,
      left = 0,
      round = 1,
    } = readRenewalPayload(payload);
    const keys = { indexVersion: index_version, sealingKid: sealing_kid };
    const renewOne = renew(keys);
    const until = performance.now() + pageMs;
    let at: { place: (typeof renewedPlaces)[number]; after: string | null } | null = { place, after };
    let renewed = 0;
    let notYet = left;
    let unreadable = 0;
    while (at !== null && performance.now() < until && !abortSignal?.aborted) {
      const page = await database.numbersToRenew(at.place, at.after, mostAtOnce, keys);
      const due = page.filter(({ personnummer_sealed }) => personnummer_sealed !== null);
      const renewals = [];
      for (const row of due) {
        try {
          renewals.push(await renewOne(row));
        } catch (error) {
          // One that cannot be opened has a failed push and a case already; the others go on.
          if (!(error instanceof Failure)) throw error;
          unreadable += 1;
          log.warn({ place: at.place, id: row.id, errorCode: error.code }, 'number not renewed');
        }
      }
      const done = renewals.length === 0 ? 0 : await database.renewNumbers(at.place, renewals);
      renewed += done;
      notYet += renewals.length - done;
      const last = page.at(-1);
      at = last === undefined ? nextPlace(at.place) : { place: at.place, after: last.id };
    }
    log.info({ ...keys, renewed, notYet, unreadable, goesOnAt: at?.place ?? null }, 'stored numbers renewed');
    const again = (next: object, runAt?: Date) =>
      addJob(
        'renew_numbers',
        { index_version, sealing_kid, ...next },
        { jobKey: 'renew_numbers', maxAttempts: 25, ...(runAt && { runAt }) },
      );
    if (at !== null) await again({ ...at, left: notYet, round });
    else if (notYet > 0 && round < mostRounds) await again({ round: round + 1 }, new Date(Date.now() + nextRoundMs));
    else if (notYet > 0) log.warn({ ...keys, notYet }, 'numbers are left that could not be renewed');
  };
}

function nextPlace(place: (typeof renewedPlaces)[number]) {
  const next = renewedPlaces[renewedPlaces.indexOf(place) + 1];
  return next === undefined ? null : { place: next, after: null };
}
