import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { type Limits, watched } from '../limits.ts';
import { finish, type Row } from '../row.ts';
import { startSink } from '../sink.ts';
import { spreadOf } from '../statistics.ts';
import { measureBacklog } from './pushes/backlog.ts';
import { drainBoss, drainEmptyJobs } from './pushes/baselines.ts';
import { measureKilledWorker } from './pushes/killed-worker.ts';
import { addSite, CONCURRENCY, drainPushes } from './pushes/site.ts';

/** Rows 6 and 9: what a push costs beside an empty job, and what happens to the push of a killed worker. */
export async function measurePushes(context: Context, keys: BenchKeys): Promise<Row[]> {
  await using sink = await startSink();
  const { pool, urls } = context.cluster;
  const site = await addSite(context, keys, sink, pool, urls.sync_worker);
  const [ours, empty, few, boss]: [number[], number[], number[], number[]] = [[], [], [], []];
  const rounds = context.size.name === 'quick' ? 1 : 3;
  const limits: Record<string, Limits> = {};
  const look = async (name: string, drain: () => Promise<number>) => {
    limits[name] = (await watched(context.cluster, context.size.pushes, drain)).limits;
  };
  for (let round = 0; round < rounds; round += 1) {
    empty.push(await drainEmptyJobs(context, CONCURRENCY));
    few.push(await drainEmptyJobs(context, 10));
    ours.push(await drainPushes(context, site, keys, sink));
  }
  // In rounds that do not count: looking takes CPU from the sink and the server.
  await look('empty', () => drainEmptyJobs(context, CONCURRENCY));
  await look('ours', () => drainPushes(context, site, keys, sink));
  for (let round = 0; round < rounds; round += 1) {
    boss.push(await drainBoss(context, site.organization, keys, sink));
  }
  const side = (name: string, values: number[], seen?: Limits) => ({
    name,
    unit: '/s',
    figure: spreadOf(values),
    ...(seen !== undefined && { limits: seen }),
  });
  return [
    finish({
      id: 'pushes-over-empty-jobs',
      what: "pushes per second to a local sink, over graphile-worker's own rate for an empty task",
      unit: 'ratio',
      value: spreadOf(ours.map((rate, at) => rate / (empty[at] as number))),
      bar: { at: 'least', value: 0.5 },
      sides: [
        side('graphile-worker, empty task', empty, limits.empty),
        side('graphile-worker, empty task, concurrency 10', few),
        side('our worker', ours, limits.ours),
        side('pg-boss, the same push', boss),
      ],
      note: `${context.size.pushes} jobs waiting, concurrency ${CONCURRENCY} and the same settings on both sides, from the first to the last one done. What a push needs beyond an empty job, where several go together: in the server 0.2 ms to settle it (row, attempt, audit event) and 0.3 ms to find and claim the next one and drop its job; in the worker 0.1 ms to open the number and 0.2 ms for the request; in the sink 0.1 ms.`,
    }),
    await measureKilledWorker(context, site, keys, sink),
    await measureBacklog(context, site, keys, sink),
  ];
}
