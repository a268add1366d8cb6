import type { App } from '../app.ts';
import { sampleOrganizations } from '../sample-data/organizations.ts';
import { allSampleCases } from '../sample-data/persons.ts';
import type { KeptProgram } from './keep-alive.ts';
import { localUrl, type ProgramSettings } from './programs.ts';
import type { StackFile } from './stack-file.ts';

export type StackParts = {
  settings: ProgramSettings;
  app: App;
  programs: readonly KeptProgram[];
  /** Coordinators' access tokens by organisation. */
  tokens: ReadonlyMap<string, string>;
  issuer: string;
  memberSystemUrl: string;
};

/** The stack as it is at this moment. */
export function describeStack({ settings, app, programs, tokens, issuer, memberSystemUrl }: StackParts): StackFile {
  const { database, keys, ports } = settings;
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
    callbackUrl: localUrl(ports.callback),
    postgrestUrl: localUrl(ports.postgrest),
    vippsIssuer: issuer,
    databaseUrl: database.url,
    databaseUrls: database.urls,
    organizations: sampleOrganizations.map(({ slug }) => ({
      slug,
      memberSystemUrl: `${memberSystemUrl}/${slug}`,
      coordinatorToken: tokens.get(slug) ?? '',
      returnTo: app.returnTo,
    })),
    persons: allSampleCases.map(({ person, expected }) => ({
      id: person.id,
      organization: person.organization,
      provider: 'vipps',
      expected,
    })),
    keys,
  };
}
