import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { publicKeySet } from '../key-tools/new-keys.ts';
import { signAccessToken } from './access-token.ts';
import { createFollower } from './app/follow.ts';
import { startApp } from './app.ts';
import { createStackClock } from './clock/stack-clock.ts';
import { WITHDRAWAL_PATH } from './identity-provider/withdrawal.ts';
import { createKeys, type LocalKeys } from './keys.ts';
import { startPostgrest } from './postgrest.ts';
import { startProgram } from './program.ts';
import { configureSamples, sampleConfiguration } from './sample-data/configuration.ts';
import { addSampleInvoices } from './sample-data/invoices.ts';
import { type SampleOrganization, sampleOrganizations } from './sample-data/organizations.ts';
import { seed } from './sample-data/seed.ts';
import { startDatabase, withClient } from './stack/database.ts';
import { describeStack } from './stack/describe-stack.ts';
import { prepareFolder } from './stack/folder.ts';
import { type KeepOptions, type KeptProgram, keepAlive } from './stack/keep-alive.ts';
import { lockFolder } from './stack/lock.ts';
import { claimPorts } from './stack/ports.ts';
import { describePrograms, issuersAt, localUrl, type ProgramSettings } from './stack/programs.ts';
import { createSecrets } from './stack/secrets.ts';
import { type StackFile, writeStackFile } from './stack/stack-file.ts';

export type StackOptions = {
  /** Where data, logs and `stack.json` go. */
  folder: string;
  /** Whether the database's clock can be moved forward; not by default. */
  clock?: boolean;
  report(line: string): void;
};

export type RunningStack = {
  /** As it stands in `stack.json`. */
  file(): StackFile;
  /** Resolves with the reason when a part is lost for good. */
  lost: Promise<string>;
};

/**
 * Starts the whole system on this machine with fresh sample data, and answers when everything is ready.
 *
 * @param parts what is started is added here, so that the caller can end it at any moment, also half-way
 * @throws {StackIsRunning}, or an Error that names the part that did not start
 */
export async function startStack(options: StackOptions, parts: AsyncDisposableStack): Promise<RunningStack> {
  parts.defer(lockFolder(options.folder));
  const folder = prepareFolder(options.folder);
  const { ports, appServer } = await claimPorts();
  parts.defer(() => void appServer.close());
  const deskUrl = localUrl(ports.desk);
  const keys = createKeys();
  const database = await startDatabase(folder, { port: ports.postgres, clock: options.clock ?? false });
  parts.defer(() => database.stop());
  const connect = (connectionString: string) => {
    const pool = new pg.Pool({ connectionString, max: 2 });
    pool.on('error', () => undefined); // the server was stopped before the app: whatever asks next is told
    parts.defer(() => pool.end());
    return pool;
  };
  const app = startApp({
    server: appServer,
    callbackUrl: localUrl(ports.callback),
    postgrestUrl: localUrl(ports.postgrest),
    withdrawalUrl: `${localUrl(ports.vipps)}${WITHDRAWAL_PATH}`,
    deskUrl,
    follower: createFollower(connect(database.urls.auditor_login)),
    clock: createStackClock(connect(database.url)),
  });
  parts.defer(() => app.close());
  const memberSystemUrl = localUrl(ports.memberSystem);
  const invoiceServiceUrl = localUrl(ports.invoiceService);
  const issuers = issuersAt(ports);
  const deskReturnTo = `${deskUrl}/signed-in`;
  const { returnTo } = app;
  const configuration = sampleConfiguration({
    issuers,
    memberSystemUrl,
    invoiceServiceUrl,
    returnTo,
    deskReturnTo,
  });
  writeFileSync(folder.configuration, configuration);
  await configureSamples(database.url, configuration);
  await withClient(database.url, async (client) => {
    await seed(client, { keys, issuers });
    await addSampleInvoices(client);
  });

  const lost = Promise.withResolvers<string>();
  void database.server.ended.then((how) => lost.resolve(`postgres ended with ${how}; see ${database.server.logFile}`));
  const secrets = createSecrets(localUrl(ports.callback));
  const settings = { ports, keys, secrets, database, logs: folder.logs };
  const programs: KeptProgram[] = [];
  const tokens = await signCoordinatorTokens(keys);
  const file = () =>
    describeStack({ settings, app, programs, tokens, memberSystemUrl, configurationFile: folder.configuration });
  const update = () => {
    if (existsSync(folder.file)) writeStackFile(folder.file, file());
  };
  const keeping = { report: options.report, replaced: update, gaveUp: lost.resolve };
  programs.push(...(await startPrograms(settings, parts, keeping)));
  writeStackFile(folder.file, file());
  parts.defer(() => rmSync(folder.file, { force: true }));
  return { file, lost: lost.promise };
}

/** All at once; one that does not start does not keep those that did from being stopped. */
async function startPrograms(settings: ProgramSettings, parts: AsyncDisposableStack, keeping: KeepOptions) {
  const { database, keys, logs, ports } = settings;
  const postgrest = () =>
    startPostgrest({
      databaseUrl: database.urls.authenticator,
      jwks: publicKeySet(keys.ACCESS_TOKEN_KEYS),
      logFile: join(logs, 'postgrest.log'),
      port: ports.postgrest,
    });
  const starts = [postgrest, ...describePrograms(settings).map((program) => () => startProgram(program))];
  const started = await Promise.allSettled(starts.map((start) => keepAlive(start, keeping)));
  const programs = started.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  for (const program of programs) parts.defer(() => program.stop());
  const failure = started.find((each) => each.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return programs;
}

async function signCoordinatorTokens(keys: LocalKeys): Promise<Map<string, string>> {
  const sign = async ({ slug, coordinator }: SampleOrganization): Promise<[string, string]> => [
    slug,
    await signAccessToken(keys.ACCESS_TOKEN_KEYS, coordinator, '7d'),
  ];
  return new Map(await Promise.all(sampleOrganizations.map(sign)));
}
