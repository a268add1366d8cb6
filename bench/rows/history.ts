import pg from 'pg';
import { compare } from '../compare.ts';
import type { Context } from '../context.ts';
import { addHistory, GROWING } from '../history.ts';
import { finish, type Row, toRow } from '../row.ts';
import { settleIn } from '../settle-in.ts';
import { quantile, spreadOf } from '../statistics.ts';
import { addBenchMembers, addBenchOrganization, type BenchOrganization } from '../world.ts';
import { type GrowthWorld, randomLogin, sampleWorld } from './growth.ts';

const MEMBERS = 100_000;
const TIMED = 15;

/**
 * Do the tables that only ever grow want partitions? So many stored logins over ten years, as many audit events and as many
 * attempts, in unpartitioned tables; and what people and programs do with them, beside the same database without a past.
 */
export async function measureHistory(context: Context, count: number): Promise<Row[]> {
  const { cluster, say } = context;
  const organization = await addBenchOrganization(cluster.pool, 'history');
  await addBenchMembers(cluster.pool, organization, [0, MEMBERS], { withNumber: true });
  const world = await sampleWorld(cluster.pool, organization);
  const seconds = await timed(() => addHistory(context, organization, count));
  say(`  ${count} logins stored in ${seconds.toFixed(0)} s`);
  const rows = await measureVacuum(context);
  await warmIndexes(context);
  rows.push(await compareDecision(context, world), ...(await measureReaders(context, organization)));
  rows.push(await measureErasing(context), ...(await measureSizes(context)));
  return rows;
}

/** As on a server that has been at work for a while; the tables themselves stay where they are. */
async function warmIndexes({ cluster }: Context): Promise<void> {
  await cluster.pool.query('create extension pg_prewarm');
  await cluster.pool.query(
    `select pg_prewarm(indexrelid, 'read') from pg_index where indrelid = any ($1::regclass[])`,
    [GROWING],
  );
}

async function compareDecision(context: Context, world: GrowthWorld): Promise<Row> {
  const { cluster, size } = context;
  const at = (text: string) => {
    const own = new URL(text);
    own.pathname = '/bench_small';
    return own.href;
  };
  const pool = new pg.Pool({ connectionString: at(cluster.url), max: 1 });
  const organization = await addBenchOrganization(pool, 'history');
  await addBenchMembers(pool, organization, [0, MEMBERS], { withNumber: true });
  const young = await sampleWorld(pool, organization);
  const side = (name: string, url: string, of: GrowthWorld) => ({
    name,
    load: { url, clients: 1, operation: randomLogin(of) },
  });
  const baseline = side('no past', at(cluster.urls.auth_callback), young);
  const ours = side('ten years', cluster.urls.auth_callback, world);
  await settleIn(pool, [baseline.load], size.warmUpSeconds);
  await pool.end();
  const comparison = await compare(context, { ours, baseline }, ({ latencies }) => quantile(latencies, 0.5));
  return toRow(comparison, {
    id: 'history-over-none',
    what: 'decision p50 with ten years of stored logins over none',
    bar: { at: 'most', value: 1.25 },
    sideUnit: 'ms',
    note: `${MEMBERS} members in both databases, on one server.`,
  });
}

/** What a DBA or coordinator asks. */
async function measureReaders({ cluster }: Context, organization: BenchOrganization): Promise<Row[]> {
  const questions: [id: string, what: string, sql: string][] = [
    [
      'history-member',
      'the stored logins of one member',
      `select o.* from registry.members as m join registry.observations as o on (o.organization_id, o.member_id) = (m.organization_id, m.id)
       where m.organization_id = $1 and m.external_id = 'm' || $2::int`,
    ],
    [
      'history-latest',
      'the 100 latest audit events of the organisation',
      'select * from audit.events where organization_id = $1 and $2::int > 0 order by id desc limit 100',
    ],
    [
      'history-day',
      'events of one day five years ago, by kind',
      `select event, count(*) from audit.events where occurred_at >= date_trunc('day', now() - interval '5 years')
        and occurred_at < date_trunc('day', now() - interval '5 years') + interval '1 day' and $1::uuid is not null and $2::int > 0 group by event`,
    ],
  ];
  const rows: Row[] = [];
  for (const [id, what, sql] of questions) {
    const times: number[] = [];
    for (let n = 0; n <= TIMED; n += 1) {
      times.push(1000 * (await timed(() => cluster.pool.query(sql, [organization.id, 1 + n * 6_000]))));
    }
    rows.push(figure(id, what, 'ms', times.slice(1)));
  }
  return rows;
}

/** One step of the nightly task, as the worker does it. */
async function measureErasing({ cluster }: Context): Promise<Row> {
  const worker = new pg.Client({ connectionString: cluster.urls.sync_worker });
  await worker.connect();
  await cluster.pool.query(`update registry.organizations set contact_retention = '80 days' where slug = 'history'`);
  const times: number[] = [];
  for (let n = 0; n < TIMED; n += 1) {
    times.push(1000 * (await timed(() => worker.query('select worker.erase_expired(1000)'))));
  }
  await worker.end();
  return figure('history-erase', 'retention: a thousand rows lose their contact claims', 'ms', times);
}

async function measureVacuum({ cluster }: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const table of GROWING) {
    const first = await timed(() => cluster.pool.query(`vacuum (analyze) ${table}`));
    const again = await timed(() => cluster.pool.query(`vacuum ${table}`));
    rows.push(figure(`history-vacuum-first-${table}`, `first vacuum and analyze of ${table}`, 's', [first]));
    rows.push(figure(`history-vacuum-${table}`, `vacuum of ${table} when little has changed`, 's', [again]));
  }
  return rows;
}

async function measureSizes({ cluster }: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const table of GROWING) {
    const { rows: found } = await cluster.pool.query<{ heap: number; indexes: number }>(
      'select pg_table_size($1)::float8 / 1e9 as heap, pg_indexes_size($1)::float8 / 1e9 as indexes',
      [table],
    );
    rows.push(figure(`history-heap-${table}`, `size of ${table}`, 'GB', [found[0]?.heap ?? 0]));
    rows.push(figure(`history-indexes-${table}`, `size of its indexes`, 'GB', [found[0]?.indexes ?? 0]));
  }
  return rows;
}

function figure(id: string, what: string, unit: string, values: number[]): Row {
  return finish({ id, what, unit, value: spreadOf(values), bar: null, sides: [], note: '' });
}

/** @returns seconds */
async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return (performance.now() - begun) / 1000;
}
