import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { Doors } from '../doors/doors.ts';
import { Failure } from '../failure.ts';
import { assertObservationPayload } from '../payloads.ts';

/** What the task needs. */
export interface ProcessObservationOptions {
  readonly doors: Doors;
  readonly log: Logger;
}

/**
 * Creates the task `process_observation`: has the database decide once more about an observation whose matching failed.
 *
 * @returns the task; it throws `observation_deferred` while matching still fails, so that the queue tries again
 */
export function createProcessObservation({ doors, log }: ProcessObservationOptions): Task {
  return async (payload) => {
    assertObservationPayload(payload);
    const outcome = await doors.processObservation(payload.observation_id);
    log.info({ observationId: payload.observation_id, outcome }, 'observation processed');
    if (outcome === 'deferred') throw new Failure('observation_deferred');
  };
}
