import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import pg from 'pg';
import type { BenchCluster } from './cluster.ts';

/** What a side was limited by during its last round, as seen from outside. */
export type Limits = {
  /** Of all cores, 0 to 1. */
  cpuBusy: number;
  /** CPU of this process, which plays the clients, a core being 1. */
  clientCpu: number;
  /** What the server's busy sessions were doing, by share: `CPU`, or the wait event. */
  waits: Record<string, number>;
  /** WAL written per operation, in bytes. */
  walBytesPerOperation: number;
  /** WAL flushes per operation: below 1 where commits share one. */
  flushesPerOperation: number;
  /** Time in the server per operation, by statement, in milliseconds; the largest three. */
  statements: { query: string; ms: number }[];
};

const SAMPLE_EVERY_MS = 10;

/** Looks at the server while a round runs, through a connection of its own. */
export async function watchLimits(cluster: BenchCluster): Promise<{ stop(operations: number): Promise<Limits> }> {
  const client = new pg.Client({ connectionString: cluster.url });
  await client.connect();
  await client.query('select pg_stat_statements_reset()');
  const before = { cpu: readCpu(), own: process.cpuUsage(), wal: await readWal(client), at: performance.now() };
  const counts: Record<string, number> = {};
  let stopped = false;
  const sampling = (async () => {
    while (!stopped) {
      const { rows } = await client.query<{ what: string; n: number }>({
        name: 'waits',
        text: `select coalesce(wait_event_type || ':' || wait_event, 'CPU') as what, count(*)::int as n from pg_stat_activity
               where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid() group by 1`,
      });
      for (const { what, n } of rows) counts[what] = (counts[what] ?? 0) + n;
      await new Promise((done) => setTimeout(done, SAMPLE_EVERY_MS));
    }
  })();
  return {
    async stop(operations) {
      stopped = true;
      await sampling;
      const cpu = readCpu();
      const own = process.cpuUsage(before.own);
      const wal = await readWal(client);
      const { rows } = await client.query<{ query: string; ms: number }>(
        `select left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as query, total_exec_time as ms from pg_stat_statements
         where toplevel and query not like '%pg_stat_%' order by total_exec_time desc limit 3`,
      );
      await client.end();
      const per = Math.max(operations, 1);
      return {
        cpuBusy: (cpu.busy - before.cpu.busy) / Math.max(cpu.total - before.cpu.total, 1),
        clientCpu: (own.user + own.system) / 1000 / (performance.now() - before.at),
        waits: toShares(counts),
        walBytesPerOperation: Math.round((wal.bytes - before.wal.bytes) / per),
        flushesPerOperation: (wal.flushes - before.wal.flushes) / per,
        statements: rows.map(({ query, ms }) => ({ query, ms: ms / per })),
      };
    },
  };
}

/** Runs the action and tells what it was limited by. @param operations how many it comes to */
export async function watched<Result>(
  cluster: BenchCluster,
  operations: number | ((result: Result) => number),
  action: () => Promise<Result>,
): Promise<{ result: Result; limits: Limits }> {
  const watch = await watchLimits(cluster);
  const result = await action();
  return { result, limits: await watch.stop(typeof operations === 'number' ? operations : operations(result)) };
}

function toShares(counts: Record<string, number>): Record<string, number> {
  const total = Object.values(counts).reduce((sum, n) => sum + n, 0);
  const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
  return Object.fromEntries(sorted.slice(0, 5).map(([what, n]) => [what, n / Math.max(total, 1)]));
}

/** PostgreSQL 18 counts flushes in pg_stat_io. */
async function readWal(client: pg.Client): Promise<{ bytes: number; flushes: number }> {
  const { rows } = await client.query<{ bytes: string; flushes: string }>(
    `select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes,
            (select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal') as flushes`,
  );
  return { bytes: Number(rows[0]?.bytes), flushes: Number(rows[0]?.flushes) };
}

function readCpu(): { busy: number; total: number } {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.idle + each.irq, 0);
  return { busy: total - times.reduce((sum, each) => sum + each.idle, 0), total };
}

/** CPU seconds that a process has used so far, its threads included (Linux: proc(5)). */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
