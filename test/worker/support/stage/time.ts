import type { TestDatabase } from '../../../support/database.ts';
import { until } from '../../../support/until.ts';
import type { JobRow, PushRow } from './sight.ts';

/** Lets what waits for a later time happen now. */
export function createTime(db: TestDatabase) {
  return {
    /** Lets everything that waits be tried now. */
    async dueNow(): Promise<void> {
      await db.pool.query(`update sync.pushes set next_attempt_at = now() where next_attempt_at is not null`);
      await db.pool.query('update graphile_worker._private_jobs set run_at = now() where locked_at is null');
    },

    /** Waits until a failed attempt is written down, and lets the push be tried again now. */
    async retryNow(): Promise<PushRow> {
      const row = await until('push waiting for its retry', async () => {
        const { rows } = await db.pool.query<PushRow>(
          `update sync.pushes set next_attempt_at = now() where state = 'pending' and error_code is not null
           returning state, attempts, error_code, http_status`,
        );
        return rows[0];
      });
      await until('its job', async () => {
        const text = `update graphile_worker._private_jobs set run_at = now() where locked_at is null and key like 'push_%'`;
        return ((await db.pool.query(text)).rowCount ?? 0) > 0;
      });
      return row;
    },

    /** Waits until the queue has written down how a job failed, and lets it be tried again now. */
    async retryJobNow(): Promise<JobRow> {
      return until('job waiting for its retry', async () => {
        const { rows } = await db.pool.query<JobRow>(
          `update graphile_worker._private_jobs set run_at = now()
           where locked_at is null and last_error is not null returning key, attempts, last_error, locked_at`,
        );
        return rows[0];
      });
    },
  };
}
