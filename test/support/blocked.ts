import type { TestDatabase } from './database.ts';
import { until } from './until.ts';

/** Waits until so many calls in the database wait for a lock. */
export const blocked = ({ pool }: TestDatabase, calls: number) =>
  until(`${calls} calls wait for a lock`, async () => {
    const { rows } = await pool.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0].n === calls;
  });
