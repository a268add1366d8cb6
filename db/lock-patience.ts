/**
 * Whoever waits for a lock makes everybody wait who comes after: a migration that queued behind a long transaction would stop all logins. So
 * it gives up after a moment, lets them pass, and tries again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/** Less than a login waits for a lock (a second), and less than PostgreSQL takes to find a deadlock. */
export const LOCK_TIMEOUT = '300ms';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
const LOOK_EVERY_MS = 50;

export interface Patience {
  /** Runs a step, which either happens or leaves nothing behind, until it has got its locks. @throws what else it fails with */
  run<T>(what: string, step: () => Promise<T>): Promise<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * @param databaseUrl for a connection that looks who holds what
 * @param forMs how long one step is tried
 * @param log told of each try that was in vain
 */
export async function createPatience(
  databaseUrl: string,
  forMs: number,
  log: (line: string) => void,
): Promise<Patience> {
  const watcher = new pg.Client({ connectionString: databaseUrl, application_name: 'migrate watch' });
  // Without it nobody is named, and no more is lost.
  watcher.on('error', () => undefined);
  await watcher.connect();
  return {
    async run(what, step) {
      const until = performance.now() + forMs;
      for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
        const watch = watchHolders(watcher);
        try {
          return await step();
        } catch (error) {
          const holders = await watch.seen();
          if (!isLockFault(error)) throw error;
          if (performance.now() + wait > until) {
            const cause = `${what}: no lock within ${Math.round(forMs / 1000)} s; it is held by ${holders}`;
            throw new Error(
              `${cause}. Nothing of this step was done: end that, or wait, and run npm run migrate again.`,
              { cause: error },
            );
          }
          log(`${what}: waits for a lock of ${holders}. Logins go first; tried again in ${wait / 1000} s`);
          await pause(wait);
        } finally {
          await watch.seen();
        }
      }
    },
    [Symbol.asyncDispose]: () => watcher.end(),
  };
}

const HOLDERS = `
  select distinct b.pid, b.usename as role, b.application_name as program, round(extract(epoch from clock_timestamp() - b.xact_start))::int as seconds
  from pg_stat_activity as w
  cross join lateral unnest(pg_blocking_pids(w.pid)) as p(pid)
  join pg_stat_activity as b on b.pid = p.pid
  where w.datname = current_database() and w.usename = current_user and w.wait_event_type = 'Lock'`;

type Holder = { pid: number; role: string; program: string; seconds: number | null };

/** Looks again and again who keeps our sessions waiting: afterwards nobody can tell any more. */
function watchHolders(client: pg.Client) {
  const stopping = new AbortController();
  let last = 'a transaction that is over';
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query<Holder>(HOLDERS).catch(() => ({ rows: [] }));
      if (rows.length > 0) last = rows.map(describe).join(', ');
      await pause(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    /** Ends the looking. @returns whoever was seen last */
    async seen(): Promise<string> {
      stopping.abort();
      await watching;
      return last;
    },
  };
}

/** How long a transaction has been open only its own role and a superuser can see. */
const describe = ({ pid, role, program, seconds }: Holder) =>
  `${[role, program && `(${program})`].filter(Boolean).join(' ')}, process ${pid}${seconds === null ? '' : `, ${seconds} s`}`;

/** PostgreSQL's codes, or what dbmate prints of them. */
function isLockFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(55P03|40P01)$/.test(code) ||
    /lock timeout|deadlock detected|\b(55P03|40P01)\b/.test(error.message) ||
    isLockFault(error.cause)
  );
}
