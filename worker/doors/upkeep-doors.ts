import type { Call } from './call.ts';
import type { BeatAnswer, OrganizationMetrics, Reconciled } from './rows.ts';

/** What keeps pushes and decisions going, and data no longer than it may be kept. */
export interface UpkeepDoors {
  /** @returns the outcome of the decision, such as `filled` or again `deferred`. */
  processObservation(observationId: string): Promise<string>;
  reconcile(): Promise<Reconciled[]>;
  /** Erases what is kept for a time only. @returns how many rows of the kind with the most; at most `most` */
  eraseExpired(most: number): Promise<number>;
  /** Says that this process lives and sends these pushes; renews their leases. */
  beat(poolId: string, pushIds: string[], fencingTokens: string[]): Promise<BeatAnswer>;
  /** Takes up what dead workers left, and lets probes through. */
  sweep(): Promise<Reconciled[]>;
  metrics(): Promise<OrganizationMetrics[]>;
}

const processObservation = 'select worker.process_observation(observation_id => $1::uuid) as outcome';
const eraseExpired = 'select worker.erase_expired(most => $1::int) as erased';
const beat = `select lost, forbidden_flags
  from worker.beat(pool_id => $1::text, push_ids => $2::uuid[], fencing_tokens => $3::bigint[])`;

export function createUpkeepDoors(call: Call): UpkeepDoors {
  return {
    async processObservation(observationId) {
      return (await call<{ outcome: string }>(processObservation, [observationId]))[0]?.outcome ?? 'unknown';
    },
    reconcile: () => call('select what, queued from worker.reconcile()'),
    async eraseExpired(most) {
      return (await call<{ erased: number }>(eraseExpired, [most]))[0]?.erased ?? 0;
    },
    async beat(poolId, pushIds, fencingTokens) {
      return (await call<BeatAnswer>(beat, [poolId, pushIds, fencingTokens]))[0] ?? { lost: [], forbidden_flags: [] };
    },
    sweep: () => call('select what, queued from worker.sweep()'),
    metrics: () => call('select * from worker.metrics()'),
  };
}
