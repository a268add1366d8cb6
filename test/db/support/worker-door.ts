import type { TestDatabase } from '../../support/database.ts';

/** How an attempt ended, in the arguments of worker.finish_push. */
export type Report = { result: string; code?: string | null; status?: number | null; final?: boolean };

export const unavailable: Report = { result: 'retry', code: 'http_5xx', status: 503 };

/** What a worker does with pushes, one call each. */
export function workerDoor({ pool }: TestDatabase) {
  const claim = async (id: string, workerId = 'w') =>
    (await pool.query('select * from worker.claim_push($1, $2)', [id, workerId])).rows[0];
  const finish = async (id: string, token: string, { result, code = null, status = null, final = false }: Report) =>
    (
      await pool.query('select worker.finish_push($1, $2, $3, $4, $5, 5, $6) as state', [
        id,
        token,
        result,
        status,
        code,
        final,
      ])
    ).rows[0].state as string | null;
  return {
    claim,
    finish,
    /** A whole attempt. @returns the state after it */
    async attempt(id: string, report: Report) {
      return await finish(id, (await claim(id)).fencing_token, report);
    },
  };
}
