import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

/** The time in the database of a local stack. */
export type Clock = {
  now: Date;
  /** Seconds ahead of the server's own clock. */
  ahead: number;
};

/** Ten years at once are more than anything here waits for, and PostgreSQL's times do not overflow. */
export const mostSeconds = 10 * 366 * 86_400;

/** The database has no clock that can be moved: it is not one of a local stack, or of one without `--clock`. */
export class NoMovableClock extends Error {
  override readonly name = 'NoMovableClock';
  readonly code = 'no_movable_clock';
  constructor() {
    super('this database has no clock that can be moved; start a local stack with npm start -- --clock');
  }
}

const INSTALL = readFileSync(join(import.meta.dirname, 'movable-clock.sql'), 'utf8');
/** What the worker does by its own clock: the sixth word of each line that is no comment. A task's name is its job's key there. */
const TASKS = readFileSync(join(import.meta.dirname, '..', '..', 'worker', 'crontab'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' ')[5]);

const IS_EMPTY = `
  select not exists (
    select from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname <> 'information_schema' and n.nspname !~ '^pg_') as empty`;

/**
 * Gives a database a clock that can be moved forward: `now()` and its like then answer later times, and nothing that is stored changes.
 *
 * @param client a superuser's, of a database with nothing in it: no installation gets such a clock afterwards
 * @throws Error where there is anything in it
 */
export async function makeClockMovable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ empty: boolean }>(IS_EMPTY);
  if (rows[0]?.empty !== true) throw new Error('only an empty database can get a movable clock');
  await client.query(`begin; ${INSTALL}; commit`);
}

/** @returns undefined where the database has no clock that can be moved */
export async function readClock(client: pg.ClientBase | pg.Pool): Promise<Clock | undefined> {
  const { rows } = await client.query<{ movable: boolean }>(
    `select to_regclass('local_clock.seconds_ahead') is not null as movable`,
  );
  if (rows[0]?.movable !== true) return undefined;
  const read = await client.query<Clock>(
    'select now() as now, last_value::integer as ahead from local_clock.seconds_ahead',
  );
  return read.rows[0];
}

/**
 * Moves the clock forward, and has the worker do at once what it does by the clock (`worker/crontab`), because the worker's own clock stays.
 *
 * @param client a superuser's
 * @param seconds a whole number, from 1 to `mostSeconds`: time does not run backwards
 * @throws {NoMovableClock}, or RangeError
 */
export async function moveClock(client: pg.ClientBase | pg.Pool, seconds: number): Promise<void> {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > mostSeconds) {
    throw new RangeError(`seconds must be a whole number from 1 to ${mostSeconds}`);
  }
  if ((await readClock(client)) === undefined) throw new NoMovableClock();
  await client.query(
    `select setval('local_clock.seconds_ahead', last_value + $1::bigint) from local_clock.seconds_ahead`,
    [seconds],
  );
  await client.query(
    `select graphile_worker.add_job(task, job_key := task, max_attempts := 1) from unnest($1::text[]) as t(task)`,
    [TASKS],
  );
}
