import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { findFreePort } from '../../local/free-port.ts';
import type { LocalClient } from '../../local/identity-provider/client.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../local/identity-provider/server.ts';
import { logIn } from '../../local/scripted-login.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { cpuSecondsOf } from '../limits.ts';
import { type BenchProgram, startBenchProgram } from '../programs.ts';
import { finish, type Row } from '../row.ts';
import { spreadOf } from '../statistics.ts';
import { addBenchOrganization, type BenchOrganization } from '../world.ts';
import { syntheticNumbers } from './member-file.ts';

const CLIENTS = 8;
const SCOPES = ['openid', 'name', 'phoneNumber', 'email', 'birthDate', 'nin'];
const RETURN_TO = 'https://app.example/return';

type Party = {
  name: string;
  url: string;
  program: BenchProgram;
  /** Seconds of core so far: of the program, and of PostgreSQL where it stands behind. */
  cpu(): { program: number; database: number };
};
type Round = { perCpuSecond: number; perSecond: number; programMs: number; databaseMs: number };

/** Row 5: a whole login, over the same exchange with nothing behind it. */
export async function measureLogins(context: Context, keys: BenchKeys): Promise<Row> {
  const organization = await addBenchOrganization(context.cluster.pool, 'logins');
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
    return describeRow(parties.map((party) => ({ name: party.name, rounds: rounds.get(party) as Round[] })));
  } finally {
    await Promise.all(parties.map(({ program }) => program.kill()));
    await provider.close();
  }
}

function describeRow([bare, ours]: { name: string; rounds: Round[] }[]): Row {
  if (bare === undefined || ours === undefined) throw new Error('two parties are compared');
  const perCpu = ({ rounds }: typeof bare) => rounds.map(({ perCpuSecond }) => perCpuSecond);
  const sides = [bare, ours].flatMap((party) => [
    { name: party.name, unit: '/s and core', figure: spreadOf(perCpu(party)) },
    {
      name: `${party.name}, everything on one machine`,
      unit: '/s',
      figure: spreadOf(party.rounds.map(({ perSecond }) => perSecond)),
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
    bar: { at: 'least', value: 0.7 },
    sides,
    note: 'Cores: CPU time of the callback and of PostgreSQL together; of the bare relying party alone. Provider and browser run elsewhere on the machine and are not counted. Every login brings the recorded number.',
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
          organization: 'logins',
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
    ...{
      logins,
      perCpuSecond: logins / (program + database),
      perSecond: logins / ((performance.now() - begun) / 1000),
    },
    ...{ programMs: (program / logins) * 1000, databaseMs: (database / logins) * 1000 },
  };
}

function startOurs({ cluster }: Context, port: number, client: LocalClient, keys: BenchKeys): Party {
  const url = `http://127.0.0.1:${port}`;
  const rate = '1000000';
  const program = startBenchProgram(cluster.folder, 'auth-callback/main.ts', {
    ...{
      DEPLOYMENT: 'local',
      DATABASE_URL: cluster.urls.auth_callback,
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: url,
    },
    ...{
      PERSONNUMMER_SEALING_KEYS: keys.sealing,
      PERSONNUMMER_INDEX_SECRETS: keys.index,
      ACCESS_TOKEN_KEYS: keys.accessTokens,
    },
    ...{ TRANSACTION_SECRETS: keys.transactions, OIDC_BENCH: secretOf(client), LOG_LEVEL: 'warn' },
    ...{ RATE_STARTS: rate, RATE_CALLBACKS: rate, RATE_TOKENS: rate, RATE_WEBHOOKS: rate },
  });
  return {
    name: 'callback and database',
    url,
    program,
    cpu: () => ({ program: cpuSecondsOf(program.pid), database: cpuSecondsOfServer(cluster.pid) }),
  };
}

function startBare({ cluster }: Context, port: number, issuer: string, client: LocalClient, keys: BenchKeys): Party {
  const words = [
    String(port),
    issuer,
    client.clientId,
    secretOf(client),
    client.redirectUri,
    SCOPES.join(' '),
    keys.accessTokens,
  ];
  const program = startBenchProgram(cluster.folder, 'bench/bare-relying-party.ts', {}, words);
  const cpu = () => ({ program: cpuSecondsOf(program.pid), database: 0 });
  return { name: 'bare relying party', url: `http://127.0.0.1:${port}`, program, cpu };
}

function clientAt(port: number, clientId: string): LocalClient {
  return {
    ...{ provider: 'vipps', organization: 'logins', organizationName: 'Logins', clientId },
    proof: { method: 'client_secret_basic', secret: randomBytes(24).toString('base64url') },
    redirectUri: `http://127.0.0.1:${port}/callback/logins/vipps`,
  };
}

const secretOf = ({ proof }: LocalClient) => ('secret' in proof ? proof.secret : '');

function invitePersons(): Person[] {
  const numbers = syntheticNumbers();
  return Array.from({ length: CLIENTS }, (_, at) => {
    const { birthDate, personnummer } = numbers.next().value as { birthDate: string; personnummer: string };
    return {
      ...{
        id: `login-${at}`,
        provider: 'vipps',
        organization: 'logins',
        story: 'Logs in again and again.',
        behaviour: 'given',
      },
      ...{
        givenName: 'Ola',
        familyName: 'Nordmann',
        birthDate,
        personnummer,
        phone: `+470070000${at}`,
        email: `login${at}@person.example`,
      },
    };
  });
}

async function addMembers(
  { cluster }: Context,
  organization: BenchOrganization,
  persons: Person[],
  keys: BenchKeys,
): Promise<void> {
  for (const { id, personnummer, givenName, familyName } of persons) {
    const reading = readPersonnummer(personnummer, { synthetic: true });
    if (reading.status !== 'valid') throw new Error('the benchmark makes synthetic numbers');
    await cluster.pool.query(
      `insert into registry.members (organization_id, external_id, given_name, family_name, personnummer_index, personnummer_sealed, personnummer_masked)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        organization.id,
        id,
        givenName,
        familyName,
        keys.indexer.indexes(reading.personnummer, organization.id)[0],
        await keys.sealer.seal(reading.personnummer),
        reading.personnummer.masked(),
      ],
    );
  }
}

/** PostgreSQL: the postmaster, its children that are, and those that were. */
function cpuSecondsOfServer(postmaster: number): number {
  let seconds = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const fields = statOf(Number(name));
    if (Number(name) === postmaster) seconds += (Number(fields?.[13]) + Number(fields?.[14])) / 100;
    if (Number(name) === postmaster || Number(fields?.[1]) === postmaster)
      seconds += (Number(fields?.[11]) + Number(fields?.[12])) / 100;
  }
  return seconds;
}

function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
  } catch {
    return undefined; // gone meanwhile
  }
}

async function untilReady(url: string): Promise<void> {
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
