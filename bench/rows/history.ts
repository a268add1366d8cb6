import pg from 'pg';
import { compare } from '../compare.ts';
import type { Context } from '../context.ts';
import { finish, type Row, toRow } from '../row.ts';
import { settleIn } from '../settle-in.ts';
import { quantile, spreadOf } from '../statistics.ts';
import { addBenchMembers, addBenchOrganization, type BenchOrganization } from '../world.ts';
import { type GrowthWorld, randomLogin, sampleWorld } from './growth.ts';

const MEMBERS = 100_000;
const YEARS = 10;
const ROWS_A_STATEMENT = 1_000_000;
const TIMED = 15;
const TABLES = ['registry.observations', 'audit.events', 'sync.push_attempts'];

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
  say(`  ${count} logins of ${YEARS} years stored in ${seconds.toFixed(0)} s`);
  const rows = await measureVacuum(context);
  rows.push(await compareDecision(context, world), ...(await measureReaders(context, organization)));
  rows.push(await measureErasing(context), ...(await measureSizes(context)));
  return rows;
}

/** Rows as they are after years: contact claims go after 90 days, the number's traces after the organisation's year. */
async function addHistory({ cluster, say }: Context, organization: BenchOrganization, count: number): Promise<void> {
  const client = await cluster.pool.connect();
  // Neither rules nor foreign keys: these rows are only there to be in the way.
  await client.query('set session_replication_role = replica');
  await client.query('set synchronous_commit = off');
  await client.query(
    `create temp table member as
     select row_number() over () as nth, id as member_id, personnummer_index, personnummer_sealed, personnummer_masked, given_name, family_name, birth_date, phone, email
     from registry.members where organization_id = $1`,
    [organization.id],
  );
  await client.query('create unique index on member (nth)');
  await client.query('analyze member');
  const indexes = await dropIndexes(client);
  for (let from = 0; from < count; from += ROWS_A_STATEMENT) {
    const to = Math.min(count, from + ROWS_A_STATEMENT);
    await client.query(STORED_LOGINS, [from + 1, to, count, organization.id, MEMBERS]);
    say(`  ${to} stored`);
  }
  await client.query(`set maintenance_work_mem = '1GB'`);
  for (const definition of indexes) await client.query(definition);
  await client.query('reset all');
  client.release();
}

/** Indexes that carry no constraint are built afterwards: one after the other over all rows is many times faster. */
async function dropIndexes(client: pg.PoolClient): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition from pg_index as i
     where i.indrelid::regclass::text = any ($1) and not exists (select from pg_constraint as c where c.conindid = i.indexrelid)`,
    [TABLES],
  );
  for (const { name } of rows) await client.query(`drop index ${name}`);
  return rows.map(({ definition }) => definition);
}

const STORED_LOGINS = `
  with login as materialized (
    select gen_random_uuid() as id, n, m.*, now() - (($3::bigint - n)::float8 / $3 * ${YEARS}) * interval '1 year' as at
    from generate_series($1::bigint, $2::bigint) as n join member as m on m.nth = 1 + (n * 7919) % $5::int
  ), observed as (
    insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, received_at, outcome, settled_at,
      member_id, explanation, given_name, family_name, birth_date, phone, email, contact_erased_at,
      personnummer_index, personnummer_sealed, personnummer_masked, number_erased_at)
    select id, $4::uuid, 'vipps', 'vipps-login', 'https://provider.example/', 's' || nth, at, at, 'confirmed', at, member_id, '{"rung": "link"}',
      case when young then given_name end, case when young then family_name end, case when young then birth_date end,
      case when young then phone end, case when young then email end, case when not young then at + interval '90 days' end,
      case when kept then personnummer_index end, case when kept then personnummer_sealed end, case when kept then personnummer_masked end,
      case when not kept then at + interval '1 year' end
    from (select login.*, at > now() - interval '90 days' as young, at > now() - interval '1 year' as kept from login) as aged
  ), told as (
    insert into audit.events (occurred_at, organization_id, event, source, actor, member_id, observation_id, message, detail)
    select at, $4::uuid, 'confirmed', 'vipps-login', 'auth_callback', member_id, id, 'confirmed, no change: vipps-login brought the recorded personnummer.', '{"rung": "link"}'
    from login
  )
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, http_status, duration_ms, finished_at)
  select gen_random_uuid(), $4::uuid, 1, 'worker', 'delivered', 204, 40, at from login`;

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
  for (const table of TABLES) {
    const first = await timed(() => cluster.pool.query(`vacuum (analyze) ${table}`));
    const again = await timed(() => cluster.pool.query(`vacuum ${table}`));
    rows.push(figure(`history-vacuum-first-${table}`, `first vacuum and analyze of ${table}`, 's', [first]));
    rows.push(figure(`history-vacuum-${table}`, `vacuum of ${table} when little has changed`, 's', [again]));
  }
  return rows;
}

async function measureSizes({ cluster }: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const table of TABLES) {
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
