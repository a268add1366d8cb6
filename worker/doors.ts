import type { Pool, QueryResultRow } from 'pg';
import { Failure } from './failure.ts';

/** A push that this worker holds, as `worker.claim_push` hands it out. */
export interface PushClaim {
  /** bigint as text: it must not pass through a JavaScript number. */
  readonly fencing_token: string;
  readonly attempt: number;
  readonly organization_id: string;
  readonly organization: string;
  readonly member_id: string;
  readonly external_id: string | null;
  readonly personnummer_sealed: string;
  readonly personnummer_index: string;
  /** The organisation's row of `sync.member_systems` as JSON; judged by `readMemberSystem`. */
  readonly member_system: unknown;
}

/** How one attempt ended. */
export interface PushResult {
  readonly push_id: string;
  readonly fencing_token: string;
  readonly result: 'delivered' | 'retry' | 'rejected';
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly duration_ms: number;
  /** True when the queue will not try again by itself. */
  readonly final: boolean;
}

/** What `worker.reconcile` put back into the queue. */
export interface Reconciled {
  readonly what: string;
  readonly queued: number;
}

/**
 * The functions of schema `worker`: all that the role `sync_worker` may do with our data.
 * Each throws the Failure `database_failed`, with the database's own error as its cause.
 */
export interface Doors {
  /** @returns null when there is nothing to do: delivered, superseded, or held by another worker. */
  claimPush(pushId: string, workerId: string): Promise<PushClaim | null>;
  /** @returns the new state of the push, or null when another worker has taken it over meanwhile. */
  finishPush(result: PushResult): Promise<string | null>;
  /** @returns the outcome of the decision, such as `filled` or again `deferred`. */
  processObservation(observationId: string): Promise<string>;
  reconcile(): Promise<Reconciled[]>;
}

/** Calls the doors with bound parameters; values never become part of the SQL text. */
export function createDoors(pool: Pool): Doors {
  async function rows<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await pool.query<Row>(text, values)).rows;
    } catch (error) {
      throw new Failure('database_failed', { cause: error });
    }
  }
  return {
    async claimPush(pushId, workerId) {
      const text = 'select * from worker.claim_push(push_id => $1::uuid, worker_id => $2::text)';
      return (await rows<PushClaim & QueryResultRow>(text, [pushId, workerId]))[0] ?? null;
    },
    async finishPush(result) {
      const text = `select worker.finish_push(push_id => $1::uuid, fencing_token => $2::bigint, result => $3::text,
        http_status => $4::int, error_code => $5::text, duration_ms => $6::int, final => $7::boolean) as state`;
      const { push_id, fencing_token, http_status, error_code, duration_ms, final } = result;
      const values = [push_id, fencing_token, result.result, http_status, error_code, duration_ms, final];
      return (await rows<{ state: string | null }>(text, values))[0]?.state ?? null;
    },
    async processObservation(observationId) {
      const text = 'select worker.process_observation(observation_id => $1::uuid) as outcome';
      return (await rows<{ outcome: string }>(text, [observationId]))[0]?.outcome ?? 'unknown';
    },
    async reconcile() {
      return await rows<Reconciled & QueryResultRow>('select what, queued from worker.reconcile()', []);
    },
  };
}
