import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { SalesUnit } from '../identity-provider/vipps.ts';
import type { LocalKeys } from '../keys.ts';
import { tokenVariable } from '../member-system/main.ts';
import type { ProgramOptions } from '../program.ts';
import { sampleOrganizations } from '../sample-data/organizations.ts';
import { clientId, secretVariable } from '../sample-data/seed.ts';
import type { StackDatabase } from './database.ts';
import type { Ports } from './ports.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** Beyond anything one machine can send: bursts of scripted logins are the point of a local stack. */
const UNLIMITED = '1000000';

export type ProgramSettings = { ports: Ports; keys: LocalKeys; database: StackDatabase; logs: string };

/** Everything listens on the loopback address only. */
export const localUrl = (port: number) => `http://127.0.0.1:${port}`;

/** The stack's own Node programs: what each is started with. Each gets the secrets it needs and no others. */
export function describePrograms(settings: ProgramSettings): ProgramOptions[] {
  const secrets = createSecrets();
  return [
    identityProvider(settings, secrets),
    memberSystem(settings, secrets),
    callback(settings, secrets),
    worker(settings, secrets),
  ];
}

type Secrets = { clientSecrets: Record<string, string>; memberSystemTokens: Record<string, string> };

function createSecrets(): Secrets {
  const perOrganization = (nameOf: (slug: string) => string) =>
    Object.fromEntries(sampleOrganizations.map(({ slug }) => [nameOf(slug), randomBytes(24).toString('base64url')]));
  return { clientSecrets: perOrganization(secretVariable), memberSystemTokens: perOrganization(tokenVariable) };
}

function identityProvider({ ports, logs }: ProgramSettings, { clientSecrets }: Secrets): ProgramOptions {
  const units = sampleOrganizations.map(
    ({ slug }): SalesUnit => ({
      organization: slug,
      clientId: clientId(slug),
      clientSecret: clientSecrets[secretVariable(slug)] ?? '',
      redirectUri: `${localUrl(ports.callback)}/callback/${slug}/vipps`,
    }),
  );
  return program('identity-provider', 'local/identity-provider.ts', logs, `${localUrl(ports.identityProvider)}/livez`, {
    PORT: String(ports.identityProvider),
    SALES_UNITS: JSON.stringify(units),
  });
}

function memberSystem({ ports, logs }: ProgramSettings, { memberSystemTokens }: Secrets): ProgramOptions {
  const slugs = sampleOrganizations.map(({ slug }) => slug);
  return program(
    'member-system',
    'local/member-system.ts',
    logs,
    `${localUrl(ports.memberSystem)}/${slugs[0]}/control`,
    {
      PORT: String(ports.memberSystem),
      ORGANIZATIONS: slugs.join(','),
      ...memberSystemTokens,
    },
  );
}

function callback({ ports, keys, database, logs }: ProgramSettings, { clientSecrets }: Secrets): ProgramOptions {
  return program('callback', 'auth-callback/main.ts', logs, `${localUrl(ports.callback)}/readyz`, {
    DEPLOYMENT: 'local',
    DATABASE_URL: database.urls.auth_callback,
    HOST: '127.0.0.1',
    PORT: String(ports.callback),
    PUBLIC_URL: localUrl(ports.callback),
    PERSONNUMMER_SEALING_KEYS: keys.PERSONNUMMER_SEALING_KEYS,
    PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    ACCESS_TOKEN_KEYS: keys.ACCESS_TOKEN_KEYS,
    TRANSACTION_SECRETS: keys.TRANSACTION_SECRETS,
    RATE_STARTS: UNLIMITED,
    RATE_CALLBACKS: UNLIMITED,
    RATE_TOKENS: UNLIMITED,
    ...clientSecrets,
  });
}

function worker({ ports, keys, database, logs }: ProgramSettings, { memberSystemTokens }: Secrets): ProgramOptions {
  return program('worker', 'worker/main.ts', logs, `${localUrl(ports.workerHealth)}/readyz`, {
    DEPLOYMENT: 'local',
    DATABASE_URL: database.urls.sync_worker,
    WORKER_PORT: String(ports.workerHealth),
    PERSONNUMMER_UNSEALING_KEYS: keys.PERSONNUMMER_UNSEALING_KEYS,
    PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    ...memberSystemTokens,
  });
}

function program(
  name: string,
  file: string,
  logs: string,
  readyUrl: string,
  environment: Record<string, string>,
): ProgramOptions {
  return {
    name,
    command: process.execPath,
    arguments: [join(ROOT, file)],
    environment,
    logFile: join(logs, `${name}.log`),
    readyUrl,
  };
}
