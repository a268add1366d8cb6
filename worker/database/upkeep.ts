import { z } from 'zod';
import {
  type BeatAnswer,
  beatAnswer,
  type NumberToRenew,
  numberToRenew,
  type OrganizationMetrics,
  organizationMetrics,
  type Reconciled,
  type Renewal,
  reconciled,
  type SettledObservation,
  settledObservation,
} from '../database-rows.ts';
import type { WantedKeys } from '../renew-number.ts';
import type { Call } from './call.ts';

/** What is due without anybody asking. */
export interface UpkeepCalls {
  /** @returns the outcome of the decision, such as `filled` or again `deferred`. */
  processObservation(observationId: string): Promise<SettledObservation>;
  reconcile(): Promise<Reconciled[]>;
  /** @returns the next rows of a place by id; those that need other keys have their number */
  numbersToRenew(place: string, after: string | null, most: number, keys: WantedKeys): Promise<NumberToRenew[]>;
  /** @returns how many were renewed; the others are for the next round */
  renewNumbers(place: string, renewals: readonly Renewal[]): Promise<number>;
  /** Erases what is kept for a time only. @returns how many rows of the kind with the most; at most `most` */
  eraseExpired(most: number): Promise<number>;
  /** Counts what coordinators' views show as of the last count, where it is time for it. */
  countFigures(): Promise<void>;
  /** Says that this process lives and sends these pushes; renews their leases. */
  beat(poolId: string, pushIds: string[], fencingTokens: string[]): Promise<BeatAnswer>;
  /** Takes up what dead workers left, and lets probes through. */
  sweep(): Promise<Reconciled[]>;
  metrics(): Promise<OrganizationMetrics[]>;
}

const numbersToRenew = `select * from worker.numbers_to_renew(place => $1::text, after => $2::uuid, most => $3::int,
  index_version => $4::text, sealing_kid => $5::text)`;
const processObservation = 'select outcome, traceparent from worker.process_observation(observation_id => $1::uuid)';
const eraseExpired = 'select worker.erase_expired(most => $1::int) as erased';
const countFigures = 'select worker.count_figures() as organizations';
const beat = `select lost, forbidden_flags
  from worker.beat(pool_id => $1::text, push_ids => $2::uuid[], fencing_tokens => $3::bigint[])`;

export function createUpkeepCalls(call: Call): UpkeepCalls {
  return {
    async processObservation(observationId) {
      const [settled] = await call(settledObservation, processObservation, [observationId]);
      return settled ?? { outcome: 'unknown', traceparent: null };
    },
    reconcile: () => call(reconciled, 'select what, queued from worker.reconcile()'),
    async eraseExpired(most) {
      return (await call(z.object({ erased: z.number() }), eraseExpired, [most]))[0]?.erased ?? 0;
    },
    async countFigures() {
      await call(z.object({ organizations: z.number() }), countFigures);
    },
    async beat(poolId, pushIds, fencingTokens) {
      const values = [poolId, pushIds, fencingTokens];
      return (await call(beatAnswer, beat, values))[0] ?? { lost: [], forbidden_flags: [] };
    },
    sweep: () => call(reconciled, 'select what, queued from worker.sweep()'),
    numbersToRenew: (place, after, most, { indexVersion, sealingKid }) =>
      call(numberToRenew, numbersToRenew, [place, after, most, indexVersion, sealingKid]),
    async renewNumbers(place, renewals) {
      const text = 'select worker.renew_numbers(place => $1::text, renewals => $2::jsonb) as renewed';
      return (await call(z.object({ renewed: z.number() }), text, [place, JSON.stringify(renewals)]))[0]?.renewed ?? 0;
    },
    metrics: () => call(organizationMetrics, 'select * from worker.metrics()'),
  };
}
