import { compare } from '../compare.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { addCoordinator, askPostgrest, openPostgrest, signToken } from '../postgrest.ts';
import { finish, type Row } from '../row.ts';
import { quantile, spreadOf } from '../statistics.ts';
import { type GrowthWorld, measureDecision, type Point, randomLogin, type Series, toSeries } from './growth.ts';

const PAGE = '/open_conflicts?order=opened_at,id&limit=50';

/** Row 7, and how open cases weigh on decisions and on the page that shows them. */
export async function measureCasePage(
  context: Context,
  world: GrowthWorld,
  keys: BenchKeys,
): Promise<{ rows: Row[]; series: Series[] }> {
  const { cluster, size } = context;
  await using page = await openPage(context, world, keys);
  const decisions: Point[] = [];
  const pages: Point[] = [];
  let before = 0;
  for (const open of size.openCases) {
    await addCases(context, world, open - before);
    before = open;
    decisions.push([open, ...(await measureDecision(context, cluster.urls.auth_callback, randomLogin(world)))]);
    pages.push([open, ...(await measureDecision(context, cluster.url, page.withRls))]);
  }
  const load = (operation: typeof page.withRls) => ({ url: cluster.url, clients: 1, operation });
  const sides = {
    ours: { name: 'with RLS', load: load(page.withRls) },
    baseline: { name: 'without RLS, filtered by the client', load: load(page.without) },
  };
  const p95: number[] = [];
  const comparison = await compare(context, sides, ({ latencies }) => {
    p95.push(quantile(latencies, 0.95));
    return quantile(latencies, 0.5);
  });
  return {
    rows: describeRows(context, world, comparison, p95),
    series: [
      toSeries('open-cases', 'Decision while open cases grow', 'open cases', decisions),
      toSeries('case-page', 'First page of open cases', 'open cases', pages),
    ],
  };
}

/** The page as a coordinator of this organisation gets it through PostgREST, and as a role gets it that row security is not for. */
async function openPage({ cluster }: Context, { organization }: GrowthWorld, keys: BenchKeys) {
  const coordinator = await addCoordinator(cluster.pool, organization);
  await cluster.pool.query(
    `create role bench_no_rls nologin bypassrls; grant authenticated to bench_no_rls; grant bench_no_rls to authenticator`,
  );
  const [withRls, without] = [
    await signToken(keys, 'authenticated', coordinator),
    await signToken(keys, 'bench_no_rls', coordinator),
  ];
  const postgrest = await openPostgrest(cluster, keys, 'cases');
  const fetchPage = (path: string, token: string) => () => askPostgrest(`${postgrest.url}${path}`, token);
  return {
    withRls: fetchPage(PAGE, withRls),
    without: fetchPage(`${PAGE}&organization=eq.${organization.slug}`, without),
    [Symbol.asyncDispose]: () => postgrest.stop(),
  };
}

function describeRows(
  { size }: Context,
  world: GrowthWorld,
  comparison: Awaited<ReturnType<typeof compare>>,
  p95: number[],
): Row[] {
  const what = `first page of open conflicts, through PostgREST, ${size.openCases.at(-1)?.toLocaleString('en')} open among ${world.members.toLocaleString('en')} members`;
  const { ours, baseline, ratio } = comparison;
  const sides = [baseline, ours].map(({ name, figure, limits }) => ({ name, unit: 'ms', figure, limits }));
  // Every other round is the side without RLS; of both, the slower ones count.
  return [
    finish({
      id: 'case-page-p95',
      what: `${what}: p95`,
      unit: 'ms',
      value: spreadOf(p95),
      bar: { at: 'most', value: 10 },
      sides: [],
      note: 'Fifty cases a page, ordered by age, one client, both sides.',
    }),
    finish({
      id: 'case-page-rls',
      what: `${what}: p50 with RLS over without`,
      unit: 'ratio',
      value: ratio,
      bar: { at: 'most', value: 1.1 },
      sides,
      note: 'Without: a role with BYPASSRLS and the organisation as a filter of the request.',
    }),
  ];
}

/** Cases with the login that showed each, and as many others' on other records. */
async function addCases({ cluster }: Context, world: GrowthWorld, count: number): Promise<void> {
  if (count === 0) return;
  await cluster.pool.query(
    `with members as (
       select id, organization_id, row_number() over () as nth from registry.members
       where organization_id = $1 and external_id like 'm%' order by external_id limit $2
     ), observed as (
       insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, outcome, settled_at, member_id,
         personnummer_index, personnummer_sealed, personnummer_masked)
       select gen_random_uuid(), organization_id, 'vipps', 'vipps-login', 'https://provider.example/', 'c' || nth, now(), 'conflict', now(), id,
         'v1.other.' || nth, 'sealed', '018150*****'
       from members returning id, organization_id, member_id
     )
     insert into registry.conflicts (organization_id, kind, member_id, observation_id, fingerprint, opened_at)
     select organization_id, 'mismatch', member_id, id, 'bench ' || id, now() - random() * interval '300 days' from observed`,
    [world.organization.id, count],
  );
  await cluster.pool.query('vacuum analyze registry.conflicts, registry.observations, registry.organizations');
}
