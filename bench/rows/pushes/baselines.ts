import PgBoss from 'pg-boss';
import type { Context } from '../../context.ts';
import type { BenchKeys } from '../../keys.ts';
import { startBenchProgram } from '../../programs.ts';
import type { Sink } from '../../sink.ts';
import type { BenchOrganization } from '../../world.ts';
import { CONCURRENCY, rateOf } from './site.ts';

/** Many times what the slowest machine needs. */
const LONGEST_MS = 120_000;

/** graphile-worker's own rate: jobs a second that do nothing. */
export async function drainEmptyJobs({ cluster, size }: Context, concurrency: number): Promise<number> {
  // Our worker was stopped at its last answer: a job whose push it had already settled may be there for the next worker to see.
  await cluster.pool.query('truncate graphile_worker._private_jobs cascade');
  await cluster.pool.query(
    `select graphile_worker.add_job('bench_empty', job_key => 'bench:' || n) from generate_series(1, $1::int) as n`,
    [size.pushes],
  );
  const program = startBenchProgram(cluster.folder, 'bench/empty-worker.ts', {}, [cluster.url, String(concurrency)]);
  const left = async () =>
    (await cluster.pool.query<{ n: number }>('select count(*)::int as n from graphile_worker._private_jobs')).rows[0]
      ?.n ?? 0;
  let [first, firstAt] = [size.pushes, 0];
  for (;;) {
    const now = await left();
    const at = performance.now();
    if (firstAt === 0 && now < size.pushes) [first, firstAt] = [now, at];
    if (now === 0) {
      await program.stop();
      return first / ((at - firstAt) / 1000);
    }
    if (firstAt > 0 && at - firstAt > LONGEST_MS) throw new Error(`${now} jobs that nobody takes are in the queue`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** The same pushes as jobs of pg-boss. */
export async function drainBoss(
  { cluster, size }: Context,
  organization: BenchOrganization,
  keys: BenchKeys,
  sink: Sink,
): Promise<number> {
  const boss = new PgBoss({ connectionString: cluster.url });
  await boss.start();
  await boss.createQueue('push');
  const { rows } = await cluster.pool.query<{ id: string }>(
    'select id from registry.members where organization_id = $1',
    [organization.id],
  );
  await boss.insert(rows.map(({ id }) => ({ name: 'push', data: { member_id: id } })));
  await boss.stop({ graceful: false });
  const before = sink.seen.length;
  const program = startBenchProgram(cluster.folder, 'bench/boss-worker.ts', {}, [
    cluster.url,
    sink.url,
    keys.unsealing,
    String(CONCURRENCY),
  ]);
  // At its polling rate pg-boss may need far longer for all of them; a few seconds show the rate.
  await Promise.race([
    sink.reached(before + size.pushes),
    new Promise((done) => setTimeout(done, 1_000 * size.rounds)),
  ]);
  await program.kill();
  await cluster.pool.query('drop schema pgboss cascade');
  return rateOf(sink, sink.seen.length - before);
}
