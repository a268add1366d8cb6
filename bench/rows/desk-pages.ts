import { z } from 'zod';
import { createSecret } from '../../key-tools/new-keys.ts';
import { findFreePort } from '../../local/free-port.ts';
import { parseSecrets } from '../../personnummer/keys.ts';
import { createSealedBox } from '../../runtime/sealed-box.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { addCoordinator, openPostgrest, signToken } from '../postgrest.ts';
import { startBenchProgram } from '../programs.ts';
import { type Recorded, send, startRecorder } from '../recorder.ts';
import { finish, type Row } from '../row.ts';
import { quantile, spreadOf } from '../statistics.ts';
import type { GrowthWorld } from './growth.ts';

const ASKED_A_ROUND = 30;
const MOST = 1.5;

/** A page of the coordinators' desk over the requests to PostgREST that it needs: as the desk sends them, those together that it sends together. */
export async function measureDeskPages(context: Context, world: GrowthWorld, keys: BenchKeys): Promise<Row[]> {
  const { cluster, size, say } = context;
  const userId = await addCoordinator(cluster.pool, world.organization);
  const token = await signToken(keys, 'authenticated', userId);
  const postgrest = await openPostgrest(cluster, keys, 'desk');
  await using stack = new AsyncDisposableStack();
  stack.defer(() => postgrest.stop());
  const recorder = stack.use(await startRecorder(postgrest.url));
  const [recorded, measured] = [
    await startDesk(context, world, recorder.url, { userId, token }),
    await startDesk(context, world, postgrest.url, { userId, token }),
  ];
  for (const desk of [recorded, measured]) stack.defer(() => desk.stop());

  const sides: Row['sides'] = [];
  const ratios: { page: string; rounds: number[] }[] = [];
  for (const [page, path] of Object.entries(await choosePages(context, world))) {
    // Twice: the second time as it is for whoever goes from page to page.
    await recorded.open(path);
    recorder.taken();
    await recorded.open(path);
    const waves = recorder.taken();
    const [ours, needed]: [number[], number[]] = [[], []];
    for (let round = 0; round <= size.rounds; round += 1) {
      ours.push(await p95(() => measured.open(path)));
      needed.push(await p95(() => replay(postgrest.url, waves)));
    }
    const asked = waves.flat().length;
    sides.push(
      { name: `${page}: ${asked} requests`, unit: 'ms', figure: spreadOf(needed.slice(1)) },
      { name: `${page}: the page`, unit: 'ms', figure: spreadOf(ours.slice(1)) },
    );
    ratios.push({ page, rounds: ours.slice(1).map((time, at) => time / (needed[at + 1] ?? Number.NaN)) });
  }
  const [slowest] = ratios.toSorted((a, b) => spreadOf(b.rounds).median - spreadOf(a.rounds).median);
  if (slowest === undefined) throw new Error('no page was measured');
  const value = spreadOf(slowest.rounds);
  say(`  desk: ${value.median.toFixed(2)} (${slowest.page})`);
  const open = size.openCases.at(-1)?.toLocaleString('en');
  return [
    finish({
      id: 'desk-pages',
      what: `a page of the coordinators' desk, ${open} open cases, over the PostgREST requests it needs: p95 over p95, of the page that takes longest beside them`,
      unit: 'ratio',
      value,
      bar: { at: 'most', value: MOST },
      sides,
      note: 'One client. The requests are recorded from the desk itself, and sent again in the same waves.',
    }),
  ];
}

/** Every page that lists or shows rows, by a name. */
async function choosePages({ cluster }: Context, { organization }: GrowthWorld): Promise<Record<string, string>> {
  const { rows } = await cluster.pool.query<{ conflict: string; member: string; login: string }>(
    `select c.id as conflict, c.member_id as member, (
       select o.id from registry.observations as o where o.organization_id = $1 and o.outcome = 'unlinked' limit 1) as login
     from registry.conflicts as c
     where c.organization_id = $1 and c.closed_at is null and c.member_id is not null order by c.opened_at limit 1`,
    [organization.id],
  );
  const [{ conflict, member, login } = { conflict: '', member: '', login: '' }] = rows;
  return {
    today: '/',
    cases: '/cases',
    'cases of a kind': '/cases?kind=mismatch',
    'a case': `/cases/${conflict}`,
    'cases like it': `/cases/${conflict}/like`,
    settled: '/settled',
    'a search': '/members?q=Anne%20Hansen',
    'a member': `/members/${member}`,
    logins: '/logins',
    'a login': `/logins/${login}`,
    deliveries: '/deliveries',
    approvals: '/approvals',
    systems: '/systems',
    figures: '/quality',
  };
}

async function p95(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let nth = 0; nth < ASKED_A_ROUND; nth += 1) {
    const begun = performance.now();
    await ask();
    times.push(performance.now() - begun);
  }
  return quantile(times, 0.95);
}

async function replay(target: string, waves: Recorded[][]): Promise<void> {
  for (const wave of waves)
    await Promise.all(
      wave.map(async (recorded) => {
        const answer = await send(target, recorded);
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`PostgREST answers ${answer.status} to ${recorded.path}`);
      }),
    );
}

/** The desk as a program of its own, and a browser that is signed in: its cookie is sealed here with the desk's key. */
async function startDesk(
  { cluster }: Context,
  { organization }: GrowthWorld,
  api: string,
  { userId, token }: { userId: string; token: string },
) {
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const secret = createSecret();
  const program = startBenchProgram(cluster.folder, 'coordinator-desk/main.ts', {
    DEPLOYMENT: 'local',
    HOST: '127.0.0.1',
    PORT: String(port),
    DESK_URL: url,
    CALLBACK_URL: 'http://127.0.0.1:9',
    POSTGREST_URL: api,
    DESK_ORGANIZATIONS: `${organization.slug}=${organization.slug}`,
    DESK_COOKIE_KEY: secret,
    RATE_PAGES: '1000000',
    LOG_LEVEL: 'warn',
  });
  const session = { userId, accessToken: token, expiresAt: Date.now() / 1000 + 7_200, refreshToken: 'none' };
  const sealed = await createSealedBox(parseSecrets(secret).secrets, 'desk-session', z.custom<typeof session>()).seal(
    session,
  );
  const open = async (path: string) => {
    const answer = await fetch(`${url}${path}`, {
      redirect: 'manual',
      headers: { cookie: `__Host-desk-session=${sealed}` },
    });
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`the desk answers ${answer.status} to ${path}`);
  };
  const until = Date.now() + 30_000;
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() > until) throw new Error('the desk does not start');
    await new Promise((done) => setTimeout(done, 50));
  }
  return { open, stop: () => program.stop() };
}
