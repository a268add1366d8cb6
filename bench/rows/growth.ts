import pg from 'pg';
import { compare } from '../compare.ts';
import type { Context } from '../context.ts';
import { connectClients, type Operation } from '../load.ts';
import { throughTheDoor } from '../peers.ts';
import { type Row, toRow } from '../row.ts';
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

export type GrowthWorld = { organization: BenchOrganization; linked: number };

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

/** Members of an organisation whose logins are linked, drawn at random: no page of the large table is likelier than another. */
export function randomLogin({ organization, linked }: GrowthWorld): Operation {
  return throughTheDoor(organization, () => 1 + Math.floor(Math.random() * linked));
}

/** Grows the members step by step; the last step's world is what later rows use. */
export async function growMembers(context: Context): Promise<{ world: GrowthWorld; series: Series }> {
  const { cluster, size, say } = context;
  const organization = await addBenchOrganization(cluster.pool, 'growth');
  const points: [number, number, number][] = [];
  let before = 0;
  for (const members of size.members) {
    await addBenchMembers(cluster.pool, organization, [before, members], { withNumber: true });
    await cluster.pool.query('vacuum analyze registry.members, registry.identity_links');
    before = members;
    const [p50, p95] = await measureDecision(
      context,
      cluster.urls.auth_callback,
      randomLogin({ organization, linked: members }),
    );
    say(`  ${members} members: p50 ${p50.toFixed(2)} ms`);
    points.push([members, p50, p95]);
  }
  return {
    world: { organization, linked: before },
    series: toSeries('members', 'Decision while members grow', 'members', points),
  };
}

/** Row 4: the large database beside one of a thousand members, on the same server, in turn. */
export async function measureLargeOverSmall(context: Context, world: GrowthWorld): Promise<Row> {
  const { cluster, size } = context;
  const small = size.members[0] as number;
  const url = (text: string) => {
    const own = new URL(text);
    own.pathname = '/bench_small';
    return own.href;
  };
  const pool = new pg.Pool({ connectionString: url(cluster.url), max: 1 });
  const organization = await addBenchOrganization(pool, 'growth');
  await addBenchMembers(pool, organization, [0, small], { withNumber: true });
  await pool.query('vacuum analyze registry.members, registry.identity_links');
  await pool.end();
  const side = (name: string, at: string, of: GrowthWorld) => ({
    name,
    load: { url: at, clients: 1, operation: randomLogin(of) },
  });
  const comparison = await compare(
    context,
    {
      ours: side(`${world.linked} members`, cluster.urls.auth_callback, world),
      baseline: side(`${small} members`, url(cluster.urls.auth_callback), { organization, linked: small }),
    },
    ({ latencies }) => quantile(latencies, 0.5),
  );
  return toRow(comparison, {
    id: 'large-over-small',
    what: `decision p50 with ${world.linked.toLocaleString('en')} members over ${small.toLocaleString('en')} members`,
    bar: { at: 'most', value: 1.25 },
    sideUnit: 'ms',
    note: 'Two databases on one server, one connection each, members drawn at random over the whole table.',
  });
}

/** Stored logins that nobody asks about any more. */
export async function growObservations(context: Context, world: GrowthWorld): Promise<Series> {
  const { cluster, size, say } = context;
  const points: [number, number, number][] = [];
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
       m.id, '{"rung": "link"}', m.personnummer_index, m.personnummer_sealed, m.personnummer_masked
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
  const points: [number, number, number][] = [];
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

export function toSeries(id: string, title: string, axis: string, points: [number, number, number][]): Series {
  const line = (name: string, at: 1 | 2) => ({
    name,
    points: points.map((point): [number, number] => [point[0], point[at]]),
  });
  return { id, title, axis, unit: 'ms', lines: [line('p50', 1), line('p95', 2)] };
}
