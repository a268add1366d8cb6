import type { TestDatabase } from '../../../support/database.ts';
import { until } from '../../../support/until.ts';
import { one } from './records.ts';

export type PushRow = { state: string; attempts: number; error_code: string | null; http_status: number | null };
export type JobRow = { key: string; attempts: number; last_error: string | null; locked_at: Date | null };

/** What a test sees of pushes and their jobs. @param lines what the workers logged, for the message when a push does not arrive */
export function createSight(db: TestDatabase, lines: readonly string[]) {
  const push = (pushId: string) =>
    one<PushRow>(db, 'select state, attempts, error_code, http_status from sync.pushes where id = $1', [pushId]);

  async function jobs(): Promise<JobRow[]> {
    return (await db.pool.query<JobRow>('select key, attempts, last_error, locked_at from graphile_worker.jobs')).rows;
  }

  return {
    push,
    jobs,

    /** Waits until the push is in a state, and its attempt is written down. */
    reaches(pushId: string, state: string, errorCode: string | null = null, withinMs = 60_000): Promise<PushRow> {
      const hasReached = async () => {
        const row = await push(pushId);
        return row.state === state && (errorCode === null || row.error_code === errorCode) && row;
      };
      const reached = until(`push ${state} ${errorCode}`, hasReached, withinMs);
      return reached.catch(async (error: Error) => {
        const now = { push: await push(pushId), jobs: await jobs(), log: lines.slice(-20) };
        throw new Error(`${error.message}\n${JSON.stringify(now, null, 1)}`);
      });
    },

    async cases(pushId: string): Promise<number> {
      const text = `select count(*)::int as count from registry.conflicts where kind = 'push_failed' and push_id = $1`;
      return (await one<{ count: number }>(db, text, [pushId])).count;
    },
  };
}
