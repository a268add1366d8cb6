import { findFreePort } from '../../local/free-port.ts';
import type { LocalClient } from '../../local/identity-provider/client.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../local/identity-provider/server.ts';
import { logIn } from '../../local/scripted-login.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { type Limits, watched } from '../limits.ts';
import { finish, type Row } from '../row.ts';
import { spreadOf } from '../statistics.ts';
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
  startBare,
  startOurs,
} from './login-parties.ts';
import { measureSealing } from './sealing.ts';

const NOTE = [
  'Cores: CPU time of the callback and of PostgreSQL together; of the bare relying party alone. Provider and browser run',
  'elsewhere on the machine and are not counted. Every login brings the recorded number. Not met, and why: beyond the',
  'exchange a login needs three commits (the transaction is used up before the token request; observation, audit event and',
  'session; the code is redeemed once), whose rows and WAL flushes alone cost PostgreSQL about 0.8 of a bare exchange, and',
  'their three calls, the sealed and indexed number and the limits about 0.4 of one in the callback.',
].join(' ');

type Round = { perCpuSecond: number; perSecond: number; programMs: number; databaseMs: number };

/** Row 5: a whole login, over the same exchange with nothing behind it; and the rows of measureSealing, with the same logins. */
export async function measureLogins(context: Context, keys: BenchKeys): Promise<Row[]> {
  const organization = await addBenchOrganization(context.cluster.pool, ORGANIZATION);
  const persons = invitePersons();
  await addMembers(context, organization, persons, keys);
  const [oursAt, bareAt] = [await findFreePort(), await findFreePort()];
  const clients = [clientAt(oursAt, 'ours'), clientAt(bareAt, 'bare')];
  const provider = await startIdentityProvider({ clients, persons });
  await context.cluster.pool.query(
    `update registry.identity_providers set issuer = $2, client_id = 'ours', client_secret_env = 'OIDC_BENCH', scopes = $3 where organization_id = $1`,
    [organization.id, provider.issuer, SCOPES],
  );
  const parties = [
    startBare(context, bareAt, provider.issuer, clients[1] as LocalClient, keys),
    startOurs(context, oursAt, clients[0] as LocalClient, keys),
  ];
  try {
    const rounds = new Map<Party, Round[]>(parties.map((party) => [party, []]));
    for (const { url } of parties) await untilReady(`${url}/readyz`);
    for (const party of parties) await warmUp(party, persons, context.size.warmUpSeconds);
    for (let round = 0; round < context.size.rounds; round += 1) {
      for (const party of round % 2 === 0 ? parties : parties.toReversed()) {
        rounds.get(party)?.push(await run(party, persons, context.size.roundSeconds));
      }
    }
    const limits = new Map<Party, Limits>();
    // In a round that does not count: looking costs the database CPU.
    for (const party of parties) {
      const action = () => run(party, persons, context.size.roundSeconds);
      limits.set(party, (await watched(context.cluster, ({ logins }) => logins, action)).limits);
    }
    const measured = parties.map((party) => ({ name: party.name, rounds: rounds.get(party) as Round[] }));
    const row = describeRow(
      measured.map((each, at) => ({ ...each, limits: limits.get(parties[at] as Party) as Limits })),
    );
    const ours = parties[1] as Party;
    return [row, ...(await measureSealing(context, keys, (seconds) => run(ours, persons, seconds)))];
  } finally {
    await Promise.all(parties.map(({ program }) => program.kill()));
    await provider.close();
  }
}

function describeRow([bare, ours]: { name: string; rounds: Round[]; limits: Limits }[]): Row {
  if (bare === undefined || ours === undefined) throw new Error('two parties are compared');
  const perCpu = ({ rounds }: typeof bare) => rounds.map(({ perCpuSecond }) => perCpuSecond);
  const sides = [bare, ours].flatMap((party) => [
    { name: party.name, unit: '/s and core', figure: spreadOf(perCpu(party)) },
    {
      name: `${party.name}, everything on one machine`,
      unit: '/s',
      figure: spreadOf(party.rounds.map(({ perSecond }) => perSecond)),
      limits: party.limits,
    },
    {
      name: `${party.name}: the program`,
      unit: 'ms of core',
      figure: spreadOf(party.rounds.map((each) => each.programMs)),
    },
  ]);
  const database = spreadOf(ours.rounds.map(({ databaseMs }) => databaseMs));
  sides.push({ name: 'PostgreSQL behind it', unit: 'ms of core', figure: database });
  return finish({
    id: 'login-over-bare-exchange',
    what: 'whole login (start, callback, token), per second and core, over the same OIDC exchange with nothing behind it',
    unit: 'ratio',
    value: spreadOf(perCpu(ours).map((value, at) => value / (perCpu(bare)[at] as number))),
    bar: { at: 'least', value: 0.5 },
    sides,
    note: NOTE,
  });
}

/** As many logins for each, however long they take: what has run more often has been compiled better. */
async function warmUp(party: Party, persons: Person[], seconds: number): Promise<void> {
  for (let logins = 0; logins < seconds * 500; ) logins += (await run(party, persons, 1)).logins;
}

async function run({ url, cpu }: Party, persons: Person[], seconds: number): Promise<Round & { logins: number }> {
  const [begun, before] = [performance.now(), cpu()];
  const end = begun + seconds * 1000;
  let logins = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, at) => {
      const person = (persons[at] as Person).id;
      while (performance.now() < end) {
        const result = await logIn({
          callbackUrl: url,
          organization: ORGANIZATION,
          provider: 'vipps',
          returnTo: RETURN_TO,
          person,
        });
        if (result.status !== 'logged_in') throw new Error(`the login was refused: ${result.error}`);
        logins += 1;
      }
    }),
  );
  const after = cpu();
  const [program, database] = [after.program - before.program, after.database - before.database];
  return {
    logins,
    perCpuSecond: logins / (program + database),
    perSecond: logins / ((performance.now() - begun) / 1000),
    programMs: (program / logins) * 1000,
    databaseMs: (database / logins) * 1000,
  };
}

export async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${url} is not ready`);
}
