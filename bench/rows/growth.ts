import pg from 'pg';
import { compare } from '../compare.ts';
import type { Context } from '../context.ts';
import { connectClients, type Operation } from '../load.ts';
import { recordedLogin } from '../peers.ts';
import { type Row, toRow } from '../row.ts';
import { settleIn } from '../settle-in.ts';
import { quantile } from '../statistics.ts';
import { addBenchMembers, addBenchOrganization, type BenchOrganization } from '../world.ts';

/** How one figure changes while one thing grows. */
export type Series = {
  id: string;
  title: string;
  axis: string;
  unit: string;
  lines: { name: string; points: [x: number, y: number][] }[];
};

/** How large, and p50 and p95 in milliseconds. */
export type Point = [x: number, p50: number, p95: number];

/** An organisation, how many members it has, and arguments of logins of a sample of them. */
export type GrowthWorld = { organization: BenchOrganization; members: number; logins: unknown[][] };

const SAMPLE = 20_000;

/** p50 and p95 of a decision through one connection, in milliseconds. */
export async function measureDecision(
  context: Context,
  url: string,
  operation: Operation,
): Promise<[p50: number, p95: number]> {
  await using clients = await connectClients({ url, clients: 1, operation });
  await clients.run(context.size.warmUpSeconds);
  const { latencies } = await clients.run(context.size.roundSeconds);
  return [quantile(latencies, 0.5), quantile(latencies, 0.95)];
}

/** Members drawn at random from all over the table, so that no page of it is likelier than another. */
export function randomLogin({ logins }: GrowthWorld): Operation {
  return recordedLogin(() => logins[Math.floor(Math.random() * logins.length)] as unknown[]);
}

/** Links logins of a sample of the members, and reads what those logins bring. */
export async function sampleWorld(pool: pg.Pool, organization: BenchOrganization): Promise<GrowthWorld> {
  await pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     select organization_id, 'https://provider.example/', 'sub-' || external_id, id, 'vipps', 'number'
     from registry.members where organization_id = $1 order by md5(external_id) limit $2
     on conflict do nothing`,
    [organization.id, SAMPLE],
  );
  await pool.query('vacuum analyze registry.members, registry.identity_links');
  const { rows } = await pool.query<Record<string, unknown>>(
    `select l.subject, m.personnummer_index, m.personnummer_sealed, m.personnummer_masked, m.given_name, m.family_name, m.phone, m.email,
            (select count(*)::int from registry.members where organization_id = $1) as members
     from registry.identity_links as l join registry.members as m on m.id = l.member_id
     where l.organization_id = $1 and l.subject like 'sub-%'`,
    [organization.id],
  );
  const logins = rows.map(({ members: _, ...login }) => [organization.slug, ...Object.values(login)]);
  return { organization, members: Number(rows[0]?.members), logins };
}

/** Grows the members by statements, step by step. The last step is the import's. */
export async function growMembers(
  context: Context,
  sizes: number[],
): Promise<{ organization: BenchOrganization; points: Point[] }> {
  const { cluster } = context;
  const organization = await addBenchOrganization(cluster.pool, 'growth');
  const points: Point[] = [];
  let before = 0;
  for (const members of sizes) {
    await addBenchMembers(cluster.pool, organization, [before, members], { withNumber: true });
    before = members;
    points.push(await measureMembers(context, await sampleWorld(cluster.pool, organization)));
  }
  return { organization, points };
}

/** One more point: decisions among the members there are now. */
export async function measureMembers(context: Context, world: GrowthWorld): Promise<Point> {
  const [p50, p95] = await measureDecision(context, context.cluster.urls.auth_callback, randomLogin(world));
  context.say(`  ${world.members} members: p50 ${p50.toFixed(2)} ms`);
  return [world.members, p50, p95];
}

/** Row 4: the large database beside one of a thousand members, on the same server, in turn. */
export async function measureLargeOverSmall(context: Context, world: GrowthWorld): Promise<Row> {
  const { cluster, size } = context;
  const url = (text: string) => {
    const own = new URL(text);
    own.pathname = '/bench_small';
    return own.href;
  };
  const pool = new pg.Pool({ connectionString: url(cluster.url), max: 1 });
  const organization = await addBenchOrganization(pool, 'growth');
  await addBenchMembers(pool, organization, [0, size.members[0] as number], { withNumber: true });
  const small = await sampleWorld(pool, organization);
  const side = (at: string, of: GrowthWorld) => ({
    name: `${of.members} members`,
    load: { url: at, clients: 1, operation: randomLogin(of) },
  });
  const baseline = side(url(cluster.urls.auth_callback), small);
  await settleIn(pool, [baseline.load], 2 * size.warmUpSeconds);
  await pool.end();
  const ours = side(cluster.urls.auth_callback, world);
  const comparison = await compare(context, { ours, baseline }, ({ latencies }) => quantile(latencies, 0.5));
  return toRow(comparison, {
    id: 'large-over-small',
    what: `decision p50 with ${world.members.toLocaleString('en')} members over ${small.members.toLocaleString('en')} members`,
    bar: { at: 'most', value: 1.25 },
    sideUnit: 'ms',
    note: 'Two databases on one server, one connection each, members drawn at random over the whole table.',
  });
}

/** Stored logins that nobody asks about any more. */
export async function growObservations(context: Context, world: GrowthWorld): Promise<Series> {
  const { cluster, size, say } = context;
  const points: Point[] = [];
  let before = 0;
  for (const observations of size.observations) {
    await addObservations(cluster.pool, world.organization, observations - before);
    before = observations;
    const [p50, p95] = await measureDecision(context, cluster.urls.auth_callback, randomLogin(world));
    say(`  ${observations} observations: p50 ${p50.toFixed(2)} ms`);
    points.push([observations, p50, p95]);
  }
  return toSeries('observations', 'Decision while stored logins grow', 'observations', points);
}

async function addObservations(pool: pg.Pool, organization: BenchOrganization, count: number): Promise<void> {
  if (count === 0) return;
  const client = await pool.connect();
  // Neither rules nor foreign keys: these rows are only there to be in the way.
  await client.query('set session_replication_role = replica');
  await client.query(
    `insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, received_at, outcome, settled_at,
       member_id, explanation, personnummer_index, personnummer_sealed, personnummer_masked)
     select gen_random_uuid(), $1, 'vipps', 'vipps-login', 'https://provider.example/', 's' || n, now(), now() - n * interval '10 seconds', 'confirmed', now(),
       m.id, '{"match_rule": "link"}', m.personnummer_index, m.personnummer_sealed, m.personnummer_masked
     from generate_series(1, $2::int) as n
     join (select row_number() over () as nth, id, personnummer_index, personnummer_sealed, personnummer_masked
           from registry.members where organization_id = $1 limit 10000) as m on m.nth = 1 + n % 10000`,
    [organization.id, count],
  );
  await client.query('reset session_replication_role');
  client.release();
  await pool.query('vacuum analyze registry.observations');
}

/** Other organisations with a handful of members each. */
export async function growOrganizations(context: Context, world: GrowthWorld): Promise<Series> {
  const { cluster, size, say } = context;
  const points: Point[] = [];
  let before = 0;
  for (const organizations of size.organizations) {
    for (; before < organizations; before += 1) {
      await addBenchMembers(cluster.pool, await addBenchOrganization(cluster.pool, `other-${before}`), [0, 100], {
        withNumber: true,
      });
    }
    const [p50, p95] = await measureDecision(context, cluster.urls.auth_callback, randomLogin(world));
    say(`  ${organizations} more organisations: p50 ${p50.toFixed(2)} ms`);
    points.push([organizations, p50, p95]);
  }
  return toSeries('organizations', 'Decision while organisations grow', 'organisations', points);
}

export function toSeries(id: string, title: string, axis: string, points: Point[]): Series {
  const line = (name: string, at: 1 | 2) => ({
    name,
    points: points.map((point): [number, number] => [point[0], point[at]]),
  });
  return { id, title, axis, unit: 'ms', lines: [line('p50', 1), line('p95', 2)] };
}
