import type pg from 'pg';
import { type Clock, moveClock, readClock } from './movable-clock.ts';

/** A delivery that failed. */
export type Waiting = { organization: string; seconds: number };

const WAITING = `
  select g.name as organization, ceil(extract(epoch from p.next_attempt_at - now()))::integer as seconds
  from sync.pushes as p join registry.organizations as g on g.id = p.organization_id
  where p.state = 'pending' and p.error_code is not null and p.next_attempt_at > now()
  order by p.next_attempt_at limit 10`;

/**
 * The clock of a running stack.
 *
 * @param pool a superuser's
 */
export function createStackClock(pool: pg.Pool) {
  return {
    /** Undefined where it cannot be moved. */
    read: (): Promise<Clock | undefined> => readClock(pool),
    /** Throws as `moveClock` does. */
    move: (seconds: number): Promise<void> => moveClock(pool, seconds),
    /** Deliveries that failed and are tried again later, the next one first. */
    async waiting(): Promise<Waiting[]> {
      return (await pool.query<Waiting>(WAITING)).rows;
    },
  };
}

export type StackClock = ReturnType<typeof createStackClock>;
