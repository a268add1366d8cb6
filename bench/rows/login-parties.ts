import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { LocalClient } from '../../local/identity-provider/client.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import type { Context } from '../context.ts';
import type { BenchKeys } from '../keys.ts';
import { cpuSecondsOf } from '../limits.ts';
import { type BenchProgram, startBenchProgram } from '../programs.ts';
import type { BenchOrganization } from '../world.ts';
import { syntheticNumbers } from './member-file.ts';

export const CLIENTS = 8;
export const SCOPES = ['openid', 'name', 'phoneNumber', 'email', 'birthDate', 'nin'];

/** Somebody whom people log in through. */
export type Party = {
  name: string;
  url: string;
  program: BenchProgram;
  /** Seconds of core so far: of the program, and of PostgreSQL where it stands behind. */
  cpu(): { program: number; database: number };
};

export function startOurs({ cluster }: Context, port: number, client: LocalClient, keys: BenchKeys): Party {
  const url = `http://127.0.0.1:${port}`;
  const rate = '1000000';
  const program = startBenchProgram(cluster.folder, 'auth-callback/main.ts', {
    DEPLOYMENT: 'local',
    DATABASE_URL: cluster.urls.auth_callback,
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: url,
    PERSONNUMMER_SEALING_KEYS: keys.sealing,
    PERSONNUMMER_INDEX_SECRETS: keys.index,
    ACCESS_TOKEN_KEYS: keys.accessTokens,
    TRANSACTION_SECRETS: keys.transactions,
    OIDC_BENCH: secretOf(client),
    LOG_LEVEL: 'warn',
    RATE_STARTS: rate,
    RATE_CALLBACKS: rate,
    RATE_TOKENS: rate,
    RATE_WEBHOOKS: rate,
    MAX_CONCURRENT_PER_ADDRESS: rate,
  });
  return {
    name: 'callback and database',
    url,
    program,
    cpu: () => ({ program: cpuSecondsOf(program.pid), database: cpuSecondsOfServer(cluster.pid) }),
  };
}

export function startBare(
  { cluster }: Context,
  port: number,
  issuer: string,
  client: LocalClient,
  keys: BenchKeys,
): Party {
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

/** The organisation that people log in to. */
export const ORGANIZATION = 'logins';
export const RETURN_TO = 'https://app.example/return';

export function clientAt(port: number, clientId: string): LocalClient {
  return {
    provider: 'vipps',
    organization: ORGANIZATION,
    organizationName: 'Logins',
    clientId,
    proof: { method: 'client_secret_basic', secret: randomBytes(24).toString('base64url') },
    redirectUri: `http://127.0.0.1:${port}/callback/${ORGANIZATION}/vipps`,
  };
}

const secretOf = ({ proof }: LocalClient) => ('secret' in proof ? proof.secret : '');

export function invitePersons(): Person[] {
  const numbers = syntheticNumbers();
  return Array.from({ length: CLIENTS }, (_, at) => {
    const { birthDate, personnummer } = numbers.next().value as { birthDate: string; personnummer: string };
    return {
      id: `login-${at}`,
      provider: 'vipps',
      organization: ORGANIZATION,
      story: 'Logs in again and again.',
      behaviour: 'given',
      givenName: 'Ola',
      familyName: 'Nordmann',
      birthDate,
      personnummer,
      phone: `+470070000${at}`,
      email: `login${at}@person.example`,
    };
  });
}

export async function addMembers(
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
