import { join, resolve } from 'node:path';
import { portVariable } from '../identity-provider/main.ts';
import { type ProviderName, providerNames } from '../identity-provider/person.ts';
import { issuerAt } from '../identity-provider/server.ts';
import type { LocalKeys } from '../keys.ts';
import type { ProgramOptions } from '../program.ts';
import { sampleOrganizations } from '../sample-data/organizations.ts';
import type { StackDatabase } from './database.ts';
import type { Ports } from './ports.ts';
import type { StackSecrets } from './secrets.ts';
import type { StackFile } from './stack-file.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** Beyond anything one machine can send: bursts of scripted logins are the point of a local stack. */
const UNLIMITED = '1000000';

export type ProgramSettings = {
  ports: Ports;
  keys: LocalKeys;
  secrets: StackSecrets;
  database: StackDatabase;
  logs: string;
};

/** Everything listens on the loopback address only. */
export const localUrl = (port: number) => `http://127.0.0.1:${port}`;

/** By provider. */
export function issuersAt(ports: Ports): Record<ProviderName, string> {
  const issuers = providerNames.map((provider) => [provider, issuerAt(localUrl(ports[provider]), provider)]);
  return Object.fromEntries(issuers) as Record<ProviderName, string>;
}

/** The stack's own Node programs: what each is started with. Each gets the secrets it needs and no others. */
export function describePrograms(settings: ProgramSettings): ProgramOptions[] {
  return [
    identityProvider(settings),
    memberSystem(settings),
    invoiceService(settings),
    callback(settings),
    worker(settings),
    desk(settings),
  ];
}

/** By folder: what a program of that folder needs to work on this stack, `use-running-stack.ts` reads it. */
export function describeEnvironments(settings: ProgramSettings): StackFile['environments'] {
  const { keys, database, logs, ports, secrets } = settings;
  return {
    'auth-callback': callback(settings).environment,
    worker: worker(settings).environment,
    'coordinator-desk': desk(settings).environment,
    configuration: {
      DEPLOYMENT: 'local',
      DATABASE_URL: database.url,
      PUBLIC_URL: localUrl(ports.callback),
      ...secrets.clientSecrets,
      ...secrets.webhookSecrets,
      ...secrets.memberSystemTokens,
    },
    'key-tools': { DEPLOYMENT: 'local', DATABASE_URL: database.url, PUBLIC_URL: localUrl(ports.callback), ...keys },
    'members-import': {
      DEPLOYMENT: 'local',
      DATABASE_URL: database.urls.member_importer,
      PERSONNUMMER_SEALING_KEYS: keys.PERSONNUMMER_SEALING_KEYS,
      PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    },
    invoices: { DEPLOYMENT: 'local', DATABASE_URL: database.urls.member_importer },
    'audit-tools': {
      DATABASE_URL: database.urls.auditor_login,
      AUDIT_VERIFIER_KEYS: keys.AUDIT_VERIFIER_KEYS,
      AUDIT_CHECKPOINT_FILE: checkpointFile(logs),
    },
  };
}

function identityProvider({ ports, secrets, logs }: ProgramSettings): ProgramOptions {
  const variables = providerNames.map((provider) => [portVariable(provider), String(ports[provider])]);
  // The last of them to listen, and all of them start together.
  const readyUrl = `${localUrl(ports.staff)}/livez`;
  return program('identity-provider', 'local/identity-provider.ts', logs, readyUrl, {
    ...Object.fromEntries(variables),
    CLIENTS: JSON.stringify(secrets.clients),
  });
}

function memberSystem({ ports, secrets, logs }: ProgramSettings): ProgramOptions {
  const slugs = sampleOrganizations.map(({ slug }) => slug);
  return program(
    'member-system',
    'local/member-system.ts',
    logs,
    `${localUrl(ports.memberSystem)}/${slugs[0]}/control`,
    {
      PORT: String(ports.memberSystem),
      ORGANIZATIONS: slugs.join(','),
      ...secrets.memberSystemTokens,
    },
  );
}

function invoiceService({ ports, secrets, logs }: ProgramSettings): ProgramOptions {
  const readyUrl = `${localUrl(ports.invoiceService)}/${sampleOrganizations[0]?.slug}/control`;
  return program('invoice-service', 'local/invoice-service.ts', logs, readyUrl, {
    PORT: String(ports.invoiceService),
    ...secrets.invoiceSecrets,
  });
}

function callback({ ports, keys, secrets, database, logs }: ProgramSettings): ProgramOptions {
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
    RATE_WEBHOOKS: UNLIMITED,
    MAX_CONCURRENT_PER_ADDRESS: UNLIMITED,
    METRICS_TOKEN: secrets.metricsToken,
    ...secrets.clientSecrets,
    ...secrets.webhookSecrets,
  });
}

/** It goes with the logs when a new stack begins, as the database does. */
const checkpointFile = (logs: string) => join(logs, 'audit-checkpoints.jsonl');

function worker({ ports, keys, secrets, database, logs }: ProgramSettings): ProgramOptions {
  return program('worker', 'worker/main.ts', logs, `${localUrl(ports.workerHealth)}/readyz`, {
    DEPLOYMENT: 'local',
    DATABASE_URL: database.urls.sync_worker,
    WORKER_PORT: String(ports.workerHealth),
    PERSONNUMMER_UNSEALING_KEYS: keys.PERSONNUMMER_UNSEALING_KEYS,
    PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    AUDIT_SEALING_KEY: keys.AUDIT_SEALING_KEY,
    AUDIT_CHECKPOINT_FILE: checkpointFile(logs),
    ...secrets.memberSystemTokens,
    ...secrets.invoiceSecrets,
  });
}

function desk({ ports, secrets, logs }: ProgramSettings): ProgramOptions {
  // Ready without PostgREST too, which starts at the same time: what counts here is that it listens.
  return program('desk', 'coordinator-desk/main.ts', logs, `${localUrl(ports.desk)}/livez`, {
    DEPLOYMENT: 'local',
    HOST: '127.0.0.1',
    PORT: String(ports.desk),
    DESK_URL: localUrl(ports.desk),
    CALLBACK_URL: localUrl(ports.callback),
    POSTGREST_URL: localUrl(ports.postgrest),
    DESK_ORGANIZATIONS: sampleOrganizations.map(({ slug, name }) => `${slug}=${name}`).join('; '),
    DESK_COOKIE_KEY: secrets.deskCookieKey,
    RATE_PAGES: UNLIMITED,
    MAX_CONCURRENT_PER_ADDRESS: UNLIMITED,
    METRICS_TOKEN: secrets.metricsToken,
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
