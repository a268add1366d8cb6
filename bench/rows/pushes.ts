import type pg from 'pg';
import PgBoss from 'pg-boss';
import { maskPersonnummer } from '../../personnummer/mask.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { type Limits, watched } from '../limits.ts';
import { startBenchProgram } from '../programs.ts';
import { finish, type Row } from '../row.ts';
import { type Sink, startSink } from '../sink.ts';
import { spreadOf } from '../statistics.ts';
import { addBenchOrganization, type BenchOrganization } from '../world.ts';
import { single } from './decisions.ts';
import { syntheticNumbers } from './member-file.ts';
import { measureBacklog } from './push-backlog.ts';

// Pushes wait for other machines most of their time, so a worker with much to do has many under way.
const CONCURRENCY = 24;

/** Where pushes are drained: a database of the cluster, with one organisation. */
export type Site = { pool: pg.Pool; workerUrl: string; organization: BenchOrganization };

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
    ...{ name, unit: '/s', figure: spreadOf(values) },
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

/** An organisation whose members have real sealed numbers, and whose member system is the sink. */
export async function addSite(
  { size }: Context,
  keys: BenchKeys,
  sink: Sink,
  pool: pg.Pool,
  workerUrl: string,
): Promise<Site> {
  const organization = await addBenchOrganization(pool, 'pushes', sink.url);
  await pool.query('update sync.member_systems set concurrency = 100 where organization_id = $1', [organization.id]);
  const rows: object[] = [];
  const numbers = syntheticNumbers();
  for (let n = 1; n <= size.pushes; n += 1) {
    const reading = readPersonnummer(numbers.next().value?.personnummer, { synthetic: true });
    if (reading.status !== 'valid') throw new Error('the benchmark makes synthetic numbers');
    rows.push({
      external_id: `p${n}`,
      personnummer_index: keys.indexer.indexes(reading.personnummer, organization.id)[0],
      personnummer_sealed: await keys.sealer.seal(reading.personnummer),
      personnummer_masked: maskPersonnummer(reading.personnummer),
    });
  }
  await pool.query(
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked)
     select $1, external_id, personnummer_index, personnummer_sealed, personnummer_masked
     from jsonb_to_recordset($2) as r(external_id text, personnummer_index text, personnummer_sealed text, personnummer_masked text)`,
    [organization.id, JSON.stringify(rows)],
  );
  return { pool, workerUrl, organization };
}

function startWorker({ cluster }: Context, { workerUrl }: Site, keys: BenchKeys) {
  return startBenchProgram(cluster.folder, 'worker/main.ts', {
    DEPLOYMENT: 'local',
    DATABASE_URL: workerUrl,
    PERSONNUMMER_UNSEALING_KEYS: keys.unsealing,
    PERSONNUMMER_INDEX_SECRETS: keys.index,
    WORKER_CONCURRENCY: String(CONCURRENCY),
    LOG_LEVEL: 'warn',
  });
}

/** Jobs a second, between the first and the last request that reaches the sink. */
function rateOf(sink: Sink, count: number): number {
  const [first, last] = [sink.seen.at(-count)?.at ?? 0, sink.seen.at(-1)?.at ?? 0];
  return (count - 1) / ((last - first) / 1000);
}

export async function drainPushes(context: Context, site: Site, keys: BenchKeys, sink: Sink): Promise<number> {
  const { size } = context;
  await site.pool.query(
    "select private.queue_push(id) from registry.members where organization_id = $1 and external_id like 'p%'",
    [site.organization.id],
  );
  const before = sink.seen.length;
  const worker = startWorker(context, site, keys);
  await sink.reached(before + size.pushes);
  await worker.stop();
  return rateOf(sink, size.pushes);
}

async function drainEmptyJobs({ cluster, size }: Context, concurrency: number): Promise<number> {
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
    await new Promise((done) => setTimeout(done, 5));
  }
}

async function drainBoss(
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

async function measureKilledWorker(context: Context, site: Site, keys: BenchKeys, sink: Sink): Promise<Row> {
  const before = sink.seen.length;
  sink.hang = true;
  await site.pool.query('select private.queue_push(id) from registry.members where organization_id = $1 limit 1', [
    site.organization.id,
  ]);
  const first = startWorker(context, site, keys);
  await sink.reached(before + 1);
  await first.kill();
  const killedAt = performance.now();
  sink.hang = false;
  const second = startWorker(context, site, keys);
  await sink.reached(before + 2);
  await second.stop();
  const [one, two] = sink.seen.slice(before);
  if (one?.key !== two?.key) throw new Error('the second request has another idempotency key');
  return single({
    id: 'killed-worker',
    what: "killed worker's push taken up again",
    unit: 's',
    values: [((two?.at ?? 0) - killedAt) / 1000],
    bar: { at: 'most', value: 30 },
    sides: [],
    note: 'Killed with SIGKILL while the member system holds its request; another worker is started at once and sends the same push with the same idempotency key.',
  });
}
