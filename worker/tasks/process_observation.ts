import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import type { Tracing } from '../../runtime/tracing/tracing.ts';
import type { WorkerDatabase } from '../database.ts';
import { Failure } from '../failure.ts';
import { readObservationPayload } from '../payloads.ts';

/** What the task needs. */
export interface ProcessObservationOptions {
  readonly database: WorkerDatabase;
  readonly log: Logger;
  readonly tracing: Tracing;
}

/**
 * Creates the task `process_observation`: has the database decide once more about an observation whose matching failed.
 *
 * @returns the task; it throws `observation_deferred` while matching still fails, so that the queue tries again
 */
export function createProcessObservation({ database, log, tracing }: ProcessObservationOptions): Task {
  return async (payload) => {
    const { observation_id: observationId } = readObservationPayload(payload);
    const startedAt = performance.now();
    const { outcome, traceparent: parent } = await database.processObservation(observationId);
    log.info({ observationId, outcome }, 'observation processed');
    const attributes = { 'personnummer_sync.outcome': outcome };
    await tracing.span({ name: 'process_observation', kind: 'consumer', parent, startedAt, attributes }, async () => {
      if (outcome === 'deferred') throw new Failure('observation_deferred');
    });
  };
}
