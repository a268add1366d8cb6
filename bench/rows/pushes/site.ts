import type pg from 'pg';
import { readPersonnummer } from '../../../personnummer/validate.ts';
import type { Context } from '../../context.ts';
import type { BenchKeys } from '../../keys.ts';
import { startBenchProgram } from '../../programs.ts';
import type { Sink } from '../../sink.ts';
import { addBenchOrganization, type BenchOrganization } from '../../world.ts';
import { syntheticNumbers } from '../member-file.ts';

// Pushes wait for other machines most of their time, so a worker with much to do has many under way.
export const CONCURRENCY = 24;

/** Where pushes are drained: a database of the cluster, with one organisation. */
export type Site = { pool: pg.Pool; workerUrl: string; organization: BenchOrganization };

/** An organisation whose members have real sealed numbers, and whose member system is the sink. */
export async function addSite(
  { size }: Context,
  keys: BenchKeys,
  sink: Sink,
  pool: pg.Pool,
  workerUrl: string,
  slug = 'pushes',
): Promise<Site> {
  const organization = await addBenchOrganization(pool, slug, sink.url);
  await pool.query('update sync.member_systems set concurrency = 100 where organization_id = $1', [organization.id]);
  await addNumberedMembers(pool, organization, keys, size.pushes);
  return { pool, workerUrl, organization };
}

/** Members `p1`, `p2` and so on, with the first of `syntheticNumbers`, really sealed. */
export async function addNumberedMembers(
  pool: pg.Pool,
  organization: BenchOrganization,
  keys: BenchKeys,
  count: number,
): Promise<void> {
  const rows: object[] = [];
  const numbers = syntheticNumbers();
  for (let n = 1; n <= count; n += 1) {
    const reading = readPersonnummer(numbers.next().value?.personnummer, { synthetic: true });
    if (reading.status !== 'valid') throw new Error('the benchmark makes synthetic numbers');
    rows.push({
      external_id: `p${n}`,
      personnummer_index: keys.indexer.indexes(reading.personnummer, organization.id)[0],
      personnummer_sealed: await keys.sealer.seal(reading.personnummer),
      personnummer_masked: reading.personnummer.masked(),
    });
  }
  await pool.query(
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked)
     select $1, external_id, personnummer_index, personnummer_sealed, personnummer_masked
     from jsonb_to_recordset($2) as r(external_id text, personnummer_index text, personnummer_sealed text, personnummer_masked text)`,
    [organization.id, JSON.stringify(rows)],
  );
}

/** @param secrets further variables */
export function startWorker(
  { cluster }: Context,
  { workerUrl }: Site,
  keys: BenchKeys,
  secrets: Record<string, string> = {},
) {
  return startBenchProgram(cluster.folder, 'worker/main.ts', {
    DEPLOYMENT: 'local',
    DATABASE_URL: workerUrl,
    PERSONNUMMER_UNSEALING_KEYS: keys.unsealing,
    PERSONNUMMER_INDEX_SECRETS: keys.index,
    AUDIT_SEALING_KEY: keys.audit,
    WORKER_CONCURRENCY: String(CONCURRENCY),
    LOG_LEVEL: 'warn',
    ...secrets,
  });
}

/** Jobs a second, between the first and the last request that reaches the sink. */
export function rateOf(sink: Sink, count: number): number {
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
