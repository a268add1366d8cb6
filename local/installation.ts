/**
 * An installation as an operator makes it: commands and programs of one version, by their documented command lines and variables only, with the
 * identity provider, the member system and the people around it. So the programs may be those of another version than this one.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { stringify as yaml } from 'yaml';
import type { LoginResult } from './app/login.ts';
import { findFreePort } from './free-port.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { createKeys, type LocalKeys } from './keys.ts';
import type { LoginRole } from './login-roles.ts';
import { tokenVariable } from './member-system/main.ts';
import { createMemberSystem, type MemberSystem } from './member-system.ts';
import { type RunningProgram, startProgram } from './program.ts';
import type { SampleCase } from './sample-data/case.ts';
import { sampleCases } from './sample-data/cases.ts';
import { sampleOrganizations } from './sample-data/organizations.ts';
import { logIn } from './scripted-login.ts';
import { withClient } from './stack/database.ts';

const RETURN_TO = 'http://127.0.0.1:9/return';

/** The database that programs and commands are pointed at. */
export interface InstallationDatabase {
  /** As the role that migrates. */
  readonly url: string;
  urlFor(role: LoginRole): string;
}

export interface CommandRun {
  readonly code: number;
  /** Standard output and standard error. */
  readonly said: string;
}

export interface Installation {
  readonly organizations: readonly string[];
  readonly memberSystem: MemberSystem;
  readonly keys: LocalKeys;
  /** Slug of an organisation → people with Vipps, each with what the first login comes to. */
  readonly people: ReadonlyMap<string, readonly SampleCase[]>;
  /** What a worker has signed of the audit. */
  readonly checkpointFile: string;
  /** Organisations, provider and member system by `npm run configure`, members by `npm run members:import`. @throws Error with what they said */
  setUp(version: string, database: InstallationDatabase): Promise<void>;
  /** A command of a version. @param file below the version's folder */
  run(version: string, file: string, words: string[], environment: Record<string, string>): Promise<CommandRun>;
  startCallback(version: string, database: InstallationDatabase): Promise<RunningProgram>;
  startWorker(version: string, database: InstallationDatabase): Promise<RunningProgram>;
  /** What the worker, and the commands beside it, are started with. */
  workerEnvironment(database: InstallationDatabase): Record<string, string>;
  logIn(person: SampleCase['person']): Promise<LoginResult>;
  /** A coordinator takes the number of a login that disagrees with the record. @returns the member's id in the member system */
  settleConflict(database: InstallationDatabase, organization: string): Promise<string>;
}

export interface InstallationOptions {
  /** For logs and files. */
  readonly folder: string;
  /** Slugs of sample organisations; all by default. */
  readonly organizations?: readonly string[];
  /** The ledger of erasures; none is kept without it. */
  readonly ledger?: string;
}

/** Starts what is around the programs. @param parts what is started is added here, for the caller to end */
export async function createInstallation(
  { folder, ledger, organizations = sampleOrganizations.map(({ slug }) => slug) }: InstallationOptions,
  parts: AsyncDisposableStack,
): Promise<Installation> {
  mkdirSync(folder, { recursive: true });
  const people = new Map(
    organizations.map((slug, nth) => [
      slug,
      sampleCases(slug, nth)
        .filter(({ person }) => person.provider === 'vipps')
        .map(withUsablePhones),
    ]),
  );
  const tokens = Object.fromEntries(organizations.map((slug) => [slug, randomBytes(18).toString('hex')]));
  const memberSystem = await createMemberSystem({ tokens });
  parts.defer(() => memberSystem.close());
  const callbackPort = await findFreePort();
  const callbackUrl = `http://127.0.0.1:${callbackPort}`;
  const secret = randomBytes(18).toString('hex');
  const provider = await startIdentityProvider({
    clients: organizations.map((slug) => ({
      provider: 'vipps',
      organization: slug,
      organizationName: slug,
      clientId: `${slug}-client`,
      proof: { method: 'client_secret_basic', secret },
      redirectUri: `${callbackUrl}/callback/${slug}/vipps`,
    })),
    persons: [...people.values()].flatMap((cases) => cases.map(({ person }) => person)),
  });
  parts.defer(() => provider.close());

  const keys = createKeys();
  const checkpointFile = join(folder, 'audit-checkpoints.jsonl');
  const common = { DEPLOYMENT: 'local', ...(ledger !== undefined && { ERASURE_LEDGER: ledger }) };
  const reading = {
    PERSONNUMMER_SEALING_KEYS: keys.PERSONNUMMER_SEALING_KEYS,
    PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
  };
  const workerEnvironment = ({ urlFor }: InstallationDatabase) => ({
    ...common,
    DATABASE_URL: urlFor('sync_worker'),
    PERSONNUMMER_UNSEALING_KEYS: keys.PERSONNUMMER_UNSEALING_KEYS,
    PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    AUDIT_SEALING_KEY: keys.AUDIT_SEALING_KEY,
    AUDIT_CHECKPOINT_FILE: checkpointFile,
    ...Object.fromEntries(organizations.map((slug) => [tokenVariable(slug), tokens[slug] as string])),
  });
  const start = async (
    version: string,
    name: string,
    file: string,
    port: number,
    environment: Record<string, string>,
  ) => {
    const program = await startProgram({
      name,
      command: process.execPath,
      arguments: [join(version, file)],
      environment,
      logFile: join(folder, `${name}.log`),
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
    parts.defer(() => program.stop());
    return program;
  };

  return {
    organizations,
    memberSystem,
    keys,
    people,
    checkpointFile,
    workerEnvironment,
    run: runCommand,
    async setUp(version, database) {
      const file = join(folder, 'organizations.yaml');
      const member = (slug: string) => `${memberSystem.url}/${slug}/members/{external_id}/personnummer`;
      const entries = organizations.map((slug) => configurationOf(slug, provider.issuer, member(slug)));
      writeFileSync(file, yaml({ organizations: entries }));
      const admin = { ...common, DATABASE_URL: database.url };
      await expectSuccess(runCommand(version, 'configuration/main.ts', ['--yes', file], admin));
      for (const [slug, cases] of people) {
        const csv = join(folder, `${slug}.csv`);
        writeFileSync(csv, membersOf(cases));
        // A thread for each core costs more than so few rows.
        const own = { DATABASE_URL: database.urlFor('member_importer'), IMPORT_THREADS: '1' };
        const environment = { ...common, ...reading, ...own };
        const words = ['--organization', slug, csv];
        const said = await expectSuccess(runCommand(version, 'members-import/main.ts', words, environment));
        if (!/^ *rejected +0$/m.test(said)) throw new Error(`rows were rejected: ${said}`);
        rmSync(csv);
      }
    },
    startCallback: (version, database) =>
      start(version, 'callback', 'auth-callback/main.ts', callbackPort, {
        ...common,
        ...reading,
        DATABASE_URL: database.urlFor('auth_callback'),
        HOST: '127.0.0.1',
        PORT: String(callbackPort),
        PUBLIC_URL: callbackUrl,
        ACCESS_TOKEN_KEYS: keys.ACCESS_TOKEN_KEYS,
        TRANSACTION_SECRETS: keys.TRANSACTION_SECRETS,
        OIDC_CLIENT_SECRET: secret,
        ...Object.fromEntries(['STARTS', 'CALLBACKS', 'TOKENS'].map((what) => [`RATE_${what}`, '100000'])),
      }),
    async startWorker(version, database) {
      const port = await findFreePort();
      const environment = { ...workerEnvironment(database), WORKER_PORT: String(port) };
      return start(version, 'worker', 'worker/main.ts', port, environment);
    },
    logIn: ({ organization, id }) =>
      logIn({ callbackUrl, organization, provider: 'vipps', returnTo: RETURN_TO, person: id }),
    settleConflict,
  };
}

const coordinatorOf = (organization: string) =>
  sampleOrganizations.find(({ slug }) => slug === organization)?.coordinator;

/** As PostgREST does it: in the role `authenticated`, with the claims of the coordinator's token. */
async function settleConflict({ url, urlFor }: InstallationDatabase, organization: string): Promise<string> {
  const found = await withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string; version: number; external_id: string }>(
      `select c.id, c.version, m.external_id from registry.conflicts as c join registry.members as m on m.id = c.member_id
       where c.organization_id = (select id from registry.organizations where slug = $1) and c.kind = 'mismatch' and c.closed_at is null`,
      [organization],
    );
    return rows[0];
  });
  if (found === undefined) throw new Error(`${organization} has no case about a number`);
  const claims = JSON.stringify({ role: 'authenticated', sub: coordinatorOf(organization) });
  return withClient(urlFor('authenticator'), async (client) => {
    await client.query('begin');
    await client.query('set local role authenticated');
    await client.query(`select set_config('request.jwt.claims', $1, true)`, [claims]);
    const { rows } = await client.query<{ reply: { state?: string } }>(
      `select api.resolve_conflict($1, 'accept_observed', 'seen', $2) as reply`,
      [found.id, found.version],
    );
    await client.query('commit');
    if (rows[0]?.reply.state !== 'resolved') throw new Error(`not settled: ${JSON.stringify(rows[0]?.reply)}`);
    return found.external_id;
  });
}

/** An import takes no phone number that cannot be one. Nothing is ever sent to them. */
function withUsablePhones(sample: SampleCase): SampleCase {
  const usable = (phone: string) => phone.replace(/^\+4700/, '+4790');
  return {
    ...sample,
    person: { ...sample.person, phone: usable(sample.person.phone) },
    members: sample.members.map((member) => ({ ...member, ...(member.phone && { phone: usable(member.phone) }) })),
  };
}

/** Ends with whatever code it ends with. */
function runCommand(
  version: string,
  file: string,
  words: string[],
  environment: Record<string, string>,
): Promise<CommandRun> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  return new Promise((resolve) => {
    const env = { PATH, HOME, NODE_COMPILE_CACHE, ...environment };
    execFile(process.execPath, [join(version, file), ...words], { cwd: version, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: `${stdout}${stderr}` }),
    );
  });
}

/** @throws Error with what the command said */
export async function expectSuccess(run: Promise<CommandRun>): Promise<string> {
  const { code, said } = await run;
  if (code !== 0) throw new Error(`a command ended with ${code}: ${said}`);
  return said;
}

/** One organisation of the file that `npm run configure` reads. */
function configurationOf(slug: string, issuer: string, memberSystem: string) {
  return {
    slug,
    name: slug.toUpperCase(),
    return_to: [RETURN_TO],
    capture_basis: 'Synthetic numbers; nobody’s data',
    capture_necessity: 'To see what becomes of a number',
    capture_decided_by: 'Whoever runs this',
    capture_decided_at: '2026-01-01',
    retention: '1 year',
    providers: {
      vipps: {
        issuer,
        client_id: `${slug}-client`,
        client_secret_env: 'OIDC_CLIENT_SECRET',
        scopes: ['openid', 'name', 'phoneNumber', 'email', 'birthDate', 'nin'],
        personnummer_from: 'userinfo',
        personnummer_claim: 'nin',
      },
    },
    coordinators: [{ user_id: coordinatorOf(slug), name: 'Kari Koordinator' }],
    member_system: { url_template: memberSystem, auth: 'bearer', secret_env: tokenVariable(slug), timeout_ms: 3_000 },
  };
}

function membersOf(cases: readonly SampleCase[]): string {
  const rows = cases.flatMap(({ members }) =>
    members.map((member) => ({
      external_id: member.externalId,
      given_name: member.givenName,
      family_name: member.familyName,
      birth_date: member.birthDate,
      phone: member.phone,
      email: member.email,
      personnummer: member.personnummer,
    })),
  );
  return stringify(rows, { header: true, delimiter: ';' });
}
