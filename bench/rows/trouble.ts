import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import pg from 'pg';
import { findFreePort } from '../../local/free-port.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../local/identity-provider/server.ts';
import { logIn } from '../../local/scripted-login.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { finish, type Row } from '../row.ts';
import { type Sink, startSink } from '../sink.ts';
import { quantile, spreadOf } from '../statistics.ts';
import { addBenchOrganization } from '../world.ts';
import {
  addMembers,
  CLIENTS,
  clientAt,
  invitePersons,
  ORGANIZATION,
  type Party,
  RETURN_TO,
  SCOPES,
  startOurs,
} from './login-parties.ts';
import { untilReady } from './logins.ts';
import { addSite, type Site, startWorker } from './pushes/site.ts';

/** Half of them send a body that never ends, half come back from a provider that never answers. */
const TROUBLEMAKERS = 500;

const NOTE = [
  `Every round once without and once with trouble: ${TROUBLEMAKERS / 2} connections that drip a byte every two seconds to POST /token,`,
  `${TROUBLEMAKERS / 2} callbacks that wait for one provider that never answers, and a worker whose member system never answers.`,
  'All are there before the round begins. A login that is refused ends the run.',
].join(' ');

/** How long logins take while others are slow, hang or are dead, over how long they take without. */
export async function measureTrouble(whole: Context, keys: BenchKeys): Promise<Row> {
  await using parts = new AsyncDisposableStack();
  const context = inDatabase(whole, 'bench_trouble', parts);
  const sink = parts.use(await startSink());
  sink.hang = true;
  const persons = invitePersons();
  const { party, hanging } = await startParty(context, keys, persons, parts);
  const { pool, urls } = context.cluster;
  const dead = await addSite(context, keys, sink, pool, urls.sync_worker, 'dead');

  for (let logins = 0; logins < context.size.warmUpSeconds * 500; ) {
    logins += (await logInAgainAndAgain(party, persons, 1)).length;
  }
  const [without, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < context.size.rounds; round += 1) {
    without.push(await p99(party, persons, context));
    await using trouble = await makeTrouble(context, party, hanging, dead, sink, keys);
    beside.push(await p99(party, persons, context));
    trouble.assertThere();
  }
  return finish({
    id: 'login-beside-trouble',
    what: `login p99 while ${TROUBLEMAKERS} slow or hanging clients, one hanging provider and one dead member system are there, over p99 without`,
    unit: 'ratio',
    value: spreadOf(beside.map((ms, at) => ms / (without[at] as number))),
    bar: { at: 'most', value: 1.5 },
    sides: [
      { name: 'p99 of a whole login, without', unit: 'ms', figure: spreadOf(without) },
      { name: 'p99 of a whole login, beside them', unit: 'ms', figure: spreadOf(beside) },
    ],
    note: NOTE,
  });
}

/** The same cluster, another database: what is left undone here is in nobody's way. */
function inDatabase(context: Context, name: string, parts: AsyncDisposableStack): Context {
  const at = (url: string) => {
    const own = new URL(url);
    own.pathname = `/${name}`;
    return own.href;
  };
  const { cluster } = context;
  const urls = Object.fromEntries(Object.entries(cluster.urls).map(([role, url]) => [role, at(url)]));
  const pool = new pg.Pool({ connectionString: at(cluster.url), max: 2 });
  parts.defer(() => pool.end());
  return { ...context, cluster: { ...cluster, url: at(cluster.url), urls: urls as typeof cluster.urls, pool } };
}

/** The callback, a provider that works, and a provider that never answers its token request. */
async function startParty(context: Context, keys: BenchKeys, persons: Person[], parts: AsyncDisposableStack) {
  const { pool } = context.cluster;
  const port = await findFreePort();
  const client = clientAt(port, 'ours');
  const provider = await startIdentityProvider({ clients: [client], persons });
  parts.defer(() => provider.close());
  const hanging = await startHangingProvider();
  parts.defer(() => hanging.close());
  const organization = await addBenchOrganization(pool, ORGANIZATION);
  await addMembers(context, organization, persons, keys);
  const text = `update registry.identity_providers set issuer = $2, client_id = 'ours', client_secret_env = 'OIDC_BENCH', scopes = $3 where organization_id = $1`;
  await pool.query(text, [organization.id, provider.issuer, SCOPES]);
  const other = await addBenchOrganization(pool, 'hanging');
  await pool.query(text, [other.id, hanging.issuer, SCOPES]);
  const party = startOurs(context, port, client, keys);
  parts.defer(() => party.program.kill());
  await untilReady(`${party.url}/readyz`);
  return { party, hanging };
}

type HangingProvider = Awaited<ReturnType<typeof startHangingProvider>>;

async function startHangingProvider() {
  let waiting = 0;
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/openid-configuration')) {
      const [authorization_endpoint, token_endpoint] = [`${issuer}auth`, `${issuer}token`];
      const metadata = { issuer, authorization_endpoint, token_endpoint, jwks_uri: `${issuer}jwks` };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
      return;
    }
    waiting += 1;
    response.on('close', () => (waiting -= 1));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    issuer,
    /** Token requests that wait for an answer. */
    waiting: () => waiting,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** All of it is there when this answers, and gone when it is disposed of. */
async function makeTrouble(
  context: Context,
  { url }: Party,
  hanging: HangingProvider,
  dead: Site,
  sink: Sink,
  keys: BenchKeys,
) {
  const parts = new AsyncDisposableStack();
  const text =
    "select private.queue_push(id) from registry.members where organization_id = $1 and external_id like 'p%'";
  await dead.pool.query(text, [dead.organization.id]);
  await dead.pool.query('delete from sync.breakers');
  const seen = sink.seen.length;
  const worker = startWorker(context, dead, keys);
  parts.defer(() => worker.kill());
  await sink.reached(seen + 1);

  const half = TROUBLEMAKERS / 2;
  const visits = await Promise.all(Array.from({ length: half }, () => beginAtHangingProvider(url)));
  const sockets = await Promise.all(Array.from({ length: half }, () => drip(url)));
  parts.defer(() => {
    for (const socket of sockets) socket.destroy();
  });
  // The callback goes on waiting for the provider when its browser has gone: nobody is measured before that is over.
  parts.defer(() => untilWaiting(hanging, (waiting) => waiting === 0));
  const callbacks = new AbortController();
  parts.defer(() => callbacks.abort());
  // Last, because they are given up after five seconds. Some at a time: the database is asked to use each login up, and is not what is to be troubled.
  for (let from = 0; from < half; from += 25) {
    for (const { back, cookie } of visits.slice(from, from + 25)) {
      fetch(back, { headers: { cookie }, redirect: 'manual', signal: callbacks.signal }).catch(() => undefined);
    }
    await untilWaiting(hanging, (waiting) => waiting >= Math.min(from + 25, half));
  }
  const assertThere = () => {
    const open = sockets.filter((socket) => !socket.destroyed).length;
    if (hanging.waiting() < half || open < half) {
      throw new Error(`too little trouble: ${hanging.waiting()} callbacks and ${open} bodies were still waiting`);
    }
  };
  assertThere();
  return { assertThere, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** @param isThere of how many token requests wait */
async function untilWaiting(hanging: HangingProvider, isThere: (waiting: number) => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !isThere(hanging.waiting()); ) {
    if (performance.now() > end) throw new Error(`${hanging.waiting()} token requests wait at the provider that hangs`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** A login as far as the provider; the callback that comes next waits for it. */
async function beginAtHangingProvider(url: string): Promise<{ back: string; cookie: string }> {
  const query = new URLSearchParams({
    return_to: RETURN_TO,
    state: 'state of a troublemaker',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  });
  const started = await fetch(`${url}/login/hanging/vipps?${query}`, { redirect: 'manual' });
  const state = new URL(started.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const cookie = started.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { back: `${url}/callback/hanging/vipps?${new URLSearchParams({ state, code: 'code' })}`, cookie };
}

async function drip(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  const type = 'content-type: application/x-www-form-urlencoded';
  socket.write(`POST /token HTTP/1.1\r\nhost: ${hostname}\r\n${type}\r\ncontent-length: 1000\r\n\r\ng`);
  const timer = setInterval(() => socket.write('g'), 2_000);
  socket.on('close', () => clearInterval(timer));
  return socket;
}

async function p99(party: Party, persons: Person[], { size }: Context): Promise<number> {
  return quantile(await logInAgainAndAgain(party, persons, size.roundSeconds), 0.99);
}

/** @returns milliseconds of each login */
async function logInAgainAndAgain({ url }: Party, persons: Person[], seconds: number): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + seconds * 1000;
  const again = async (person: string) => {
    for (let begun = performance.now(); begun < end; begun = performance.now()) {
      const login = { callbackUrl: url, organization: ORGANIZATION, provider: 'vipps', returnTo: RETURN_TO, person };
      const result = await logIn(login);
      if (result.status !== 'logged_in') throw new Error(`an honest login was refused: ${result.error}`);
      took.push(performance.now() - begun);
    }
  };
  await Promise.all(persons.slice(0, CLIENTS).map(({ id }) => again(id)));
  return took;
}
