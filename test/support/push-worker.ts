import type { QueryResult } from 'pg';
import type { TestDatabase } from './database.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows are what each test says they are
type Client = { query(text: string, values: unknown[]): Promise<QueryResult<any>> };

/** How an attempt ended: the fields of sync.push_report that a test cares about. */
export type PushReport = {
  push_id: string;
  fencing_token: string;
  result: string;
  worker_id?: string;
  http_status?: number | null;
  error_code?: string | null;
  duration_ms?: number;
  final?: boolean;
  retry_after?: number | null;
  status_url?: string | null;
  receiver_sealed?: string | null;
  next_worker_id?: string | null;
};

// Reports name the worker besides the token; tests need not carry the name from the claim to the report.
const names = new Map<string, string>();
const nameOf = (id: string, token: string) => `${id} ${token}`;

/** Claims pushes in one call. @returns the rows of those that are claimed or have to wait */
export async function claimPushes(client: Client, ids: string[], workerIds: string[], waitForLocks = false) {
  const { rows } = await client.query('select * from worker.claim_pushes($1, $2, $3)', [ids, workerIds, waitForLocks]);
  for (const row of rows) names.set(nameOf(row.push_id, row.fencing_token), row.worker_id);
  return rows.filter(({ fencing_token, waits_for }) => fencing_token !== null || waits_for !== null);
}

/** Claims one push. @returns undefined when there is nothing to do */
export async function claimPush(client: Client, id: string, workerId = 'w') {
  return (await claimPushes(client, [id], [workerId], true))[0];
}

/** Reports several attempts in one call. @returns a row for each that was looked at */
export async function finishPushes(client: Client, reports: PushReport[], waitForLocks = false) {
  const complete = reports.map((report) => ({
    worker_id: names.get(nameOf(report.push_id, report.fencing_token)),
    duration_ms: 5,
    final: false,
    ...report,
  }));
  const { rows } = await client.query('select * from worker.finish_pushes($1, $2)', [
    JSON.stringify(complete),
    waitForLocks,
  ]);
  return rows as { push_id: string; state: string | null; next: Record<string, unknown> | null }[];
}

/** Reports one attempt. @returns the new state; null: the report is stale, or the push unknown */
export async function finishPush(client: Client, report: PushReport) {
  return (await finishPushes(client, [report], true))[0]?.state ?? null;
}

export type Attempt = { result: string; code?: string | null; status?: number | null; final?: boolean };

export const unavailable: Attempt = { result: 'retry', code: 'http_5xx', status: 503 };

/** What a worker does with pushes, one call each. */
export function pushWorker({ pool }: TestDatabase) {
  const claim = (id: string, workerId = 'w') => claimPush(pool, id, workerId);
  const finish = (id: string, token: string, { result, code = null, status = null, final = false }: Attempt) =>
    finishPush(pool, { push_id: id, fencing_token: token, result, error_code: code, http_status: status, final });
  return {
    claim,
    finish,
    /** A whole attempt. @returns the state after it */
    async attempt(id: string, report: Attempt) {
      return await finish(id, (await claim(id)).fencing_token, report);
    },
  };
}
