import type { App } from '../app.ts';
import { WITHDRAWAL_PATH } from '../identity-provider/withdrawal.ts';
import { sampleCoordinators } from '../sample-data/coordinators.ts';
import { sampleOrganizations } from '../sample-data/organizations.ts';
import { allSampleCases } from '../sample-data/persons.ts';
import type { KeptProgram } from './keep-alive.ts';
import { describeEnvironments, issuersAt, localUrl, type ProgramSettings } from './programs.ts';
import { webhookUrl } from './secrets.ts';
import type { StackFile } from './stack-file.ts';

export type StackParts = {
  settings: ProgramSettings;
  app: App;
  programs: readonly KeptProgram[];
  /** Coordinators' access tokens by organisation. */
  tokens: ReadonlyMap<string, string>;
  memberSystemUrl: string;
  configurationFile: string;
};

/** The stack as it is at this moment. */
export function describeStack({
  settings,
  app,
  programs,
  tokens,
  memberSystemUrl,
  configurationFile,
}: StackParts): StackFile {
  const { database, keys, ports, secrets } = settings;
  const { auditor_login: auditor, ...urls } = database.urls;
  const issuers = issuersAt(ports);
  const callbackUrl = localUrl(ports.callback);
  const running = programs.map((program) => program.current());
  return {
    deployment: 'local',
    startedAt: new Date().toISOString(),
    pids: {
      stack: process.pid,
      postgres: database.server.pid,
      ...Object.fromEntries(running.map(({ name, pid }) => [name, pid])),
    },
    logs: {
      postgres: database.server.logFile,
      ...Object.fromEntries(running.map(({ name, logFile }) => [name, logFile])),
    },
    appUrl: app.url,
    callbackUrl,
    deskUrl: localUrl(ports.desk),
    metricsToken: secrets.metricsToken,
    postgrestUrl: localUrl(ports.postgrest),
    issuers,
    withdrawalUrl: `${localUrl(ports.vipps)}${WITHDRAWAL_PATH}`,
    configurationFile,
    databaseUrl: database.url,
    databaseUrls: { ...urls, auditor },
    organizations: sampleOrganizations.map(({ slug }) => ({
      slug,
      memberSystemUrl: `${memberSystemUrl}/${slug}`,
      invoiceServiceUrl: `${localUrl(ports.invoiceService)}/${slug}`,
      coordinatorToken: tokens.get(slug) ?? '',
      returnTo: app.returnTo,
      webhookUrl: webhookUrl(callbackUrl, slug, secrets.webhookSecrets),
    })),
    coordinators: sampleCoordinators.map(({ organization, name, email, person }) => ({
      organization,
      name,
      email,
      person,
    })),
    ...describePersons(),
    keys,
    environments: describeEnvironments(settings),
  };
}

function describePersons(): Pick<StackFile, 'persons' | 'refusedPersons'> {
  const described = allSampleCases.map(({ person, expected }) => {
    const { id, organization, provider, refusesConsent } = person;
    return {
      id,
      organization,
      provider,
      expected,
      consent: refusesConsent === true ? ('no' as const) : ('yes' as const),
    };
  });
  return {
    persons: described.flatMap(({ expected, ...person }) => (expected === 'refused' ? [] : [{ ...person, expected }])),
    refusedPersons: described.flatMap(({ expected, ...person }) =>
      expected === 'refused' ? [{ ...person, error: 'login_failed' }] : [],
    ),
  };
}
