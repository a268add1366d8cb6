import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { createInstallation, expectSuccess, type Installation, type InstallationDatabase } from '../installation.ts';
import { prepareLoginRoles } from '../login-roles.ts';
import type { PostgresVersion } from '../postgres-binaries.ts';
import { withClient } from '../stack/database.ts';
import { addMembers, delivered, erase, everybodyLogsIn, filledOf, idsOfWaiting, THIS_VERSION } from './acts.ts';
import type { BackupTool } from './backup-tool.ts';
import { copyFiles } from './copied-files.ts';
import { findPgBackRest, usePgBackRest } from './pgbackrest.ts';
import { archived, createServers, NAME, promoted, type Server } from './servers.ts';
import { differences, look, type Sight, UNSEALED } from './sight.ts';
import { until } from './until.ts';

/** Whose people log in before the backup, and whose member system is away when the moment comes. */
const [FIRST, AWAY] = ['nhf', 'hlf'] as const;

export interface DrillOptions {
  /** More member records, so that there is something to copy. */
  readonly members: number;
  /** `files` also where pgBackRest is installed. */
  readonly tool?: 'files' | 'pgbackrest';
  readonly say: (line: string) => void;
}

export interface DrillReport {
  readonly tool: string;
  readonly postgres: PostgresVersion;
  readonly bytes: number;
  /** What was done, in its order. */
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
  /** What was there at the moment that was restored, and what came back, before any program ran. */
  readonly atThatMoment: Sight;
  readonly cameBack: Sight;
  /** Just before the server was lost. */
  readonly whenLost: Sight;
  /** Changes that the restored database sent, and how many of them the member system had already. */
  readonly sentAgain: number;
  readonly hadArrived: number;
  /** Changes at the member system that one of them made a second time. */
  readonly madeTwice: number;
  readonly erasuresReplayed: number;
  /** What `npm run audit:verify` said in the end. */
  readonly audit: string;
  /** What is not as it should be; a drill without any has succeeded. */
  readonly faults: readonly string[];
}

/**
 * Makes an installation, loses its server, and restores it to a moment before that.
 *
 * @throws Error where a step cannot be done at all
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const parts = new AsyncDisposableStack();
  try {
    const folder = mkdtempSync(join(os.tmpdir(), 'restore-drill-'));
    chmodSync(folder, 0o711); // the server's account must come through
    parts.defer(() => rmSync(folder, { recursive: true, force: true }));
    return await drill(folder, options, parts);
  } finally {
    await parts.disposeAsync();
  }
}

function chooseTool(folder: string, wanted: DrillOptions['tool']): { tool: BackupTool; postgres: PostgresVersion } {
  const found = wanted === 'files' ? undefined : findPgBackRest();
  if (found !== undefined) return { tool: usePgBackRest(folder, found.version), postgres: found.postgres };
  if (wanted === 'pgbackrest') throw new Error('pgBackRest is not installed, or knows no PostgreSQL that is here');
  return { tool: copyFiles(folder), postgres: 18 };
}

interface Stage {
  readonly options: DrillOptions;
  readonly folder: string;
  readonly tool: BackupTool;
  readonly servers: ReturnType<typeof createServers>;
  readonly installation: Installation;
  readonly parts: AsyncDisposableStack;
  /** What is not as it should be. */
  readonly faults: string[];
  /** Does a step, and writes down how long it took. */
  timed<T>(step: string, action: () => Promise<T>): Promise<T>;
}

async function drill(folder: string, options: DrillOptions, parts: AsyncDisposableStack): Promise<DrillReport> {
  const steps: { step: string; seconds: number }[] = [];
  const backups = join(folder, 'backups');
  mkdirSync(backups);
  chmodSync(backups, 0o711);
  const { tool, postgres } = chooseTool(backups, options.tool);
  const ledger = join(folder, 'erasures.ndjson');
  writeFileSync(ledger, '');
  const around = { folder: join(folder, 'installation'), ledger, organizations: [FIRST, AWAY] };
  const stage: Stage = {
    ...{ options, folder, tool, parts, faults: [] },
    servers: createServers(folder, postgres, parts),
    installation: await createInstallation(around, parts),
    async timed(step, action) {
      const begun = performance.now();
      const result = await action();
      const seconds = (performance.now() - begun) / 1000;
      steps.push({ step, seconds });
      options.say(`${seconds.toFixed(1).padStart(6)} s  ${step}`);
      return result;
    },
  };
  const source = await install(stage);
  const { moment, bytes, whenLost } = await workAndLose(stage, source);
  const { target, cameBack } = await bringBack(stage, moment.at);
  stage.faults.push(...differences(moment.sight, cameBack));
  const erasuresReplayed = await makeRight(stage, target.database);
  const sent = await sendAgain(stage, target.database, erasuresReplayed);
  const audit = await goOn(stage, target.database);
  return {
    ...{ tool: tool.name, postgres, bytes, steps, cameBack, whenLost, erasuresReplayed, audit },
    ...{ atThatMoment: moment.sight, ...sent, faults: stage.faults },
  };
}

/** A server that is backed up, with our schema, organisations and members. */
function install({ timed, servers, tool, installation, options }: Stage): Promise<Server> {
  return timed('a cluster, our schema, organisations and members', async () => {
    const server = await servers.start('source', tool.settings);
    await tool.prepare(server);
    await withClient(server.url, (client) => client.query(`create database ${NAME}`));
    await expectSuccess(installation.run(THIS_VERSION, 'db/migrate.ts', [], { DATABASE_URL: server.database.url }));
    await withClient(server.database.url, (client) => prepareLoginRoles(client, servers.passwordOf));
    await installation.setUp(THIS_VERSION, server.database);
    await addMembers(server.database, FIRST, options.members);
    return server;
  });
}

/** Work before the backup, up to the moment, and after it; then the server is gone. */
async function workAndLose({ timed, installation, tool }: Stage, source: Server) {
  const { database } = source;
  const callback = await installation.startCallback(THIS_VERSION, database);
  const worker = await installation.startWorker(THIS_VERSION, database);
  await timed('logins, a decision, deliveries', async () => {
    await everybodyLogsIn(installation, FIRST);
    await installation.settleConflict(database, FIRST);
    await delivered(installation, FIRST, filledOf(installation, FIRST) + 1);
  });
  const bytes = await withClient(database.url, async (client) =>
    Number((await client.query('select pg_database_size(current_database()) as n')).rows[0].n),
  );
  await timed('full backup', () => tool.takeFull(source));
  const moment = await timed(
    'more logins, an erasure, and changes that wait because a member system is away',
    async () => {
      installation.memberSystem.organization(AWAY).setMode('down');
      await everybodyLogsIn(installation, AWAY);
      await erase(installation, database, FIRST, 'absent-withheld');
      return quietMoment(database, filledOf(installation, AWAY));
    },
  );
  const whenLost = await timed('after that moment: deliveries, a decision, an erasure, more logins', async () => {
    installation.memberSystem.organization(AWAY).setMode('ok');
    await installation.settleConflict(database, AWAY);
    await delivered(installation, AWAY, filledOf(installation, AWAY) + 1);
    await everybodyLogsIn(installation, FIRST, ['filled', 'confirmed']);
    // Whose number was delivered by a decision: the erasure takes it out of the member system too.
    await erase(installation, database, FIRST, 'conflict');
    await delivered(installation, FIRST, filledOf(installation, FIRST) + 2);
    await untilSealed(database);
    await archived(database);
    return look(database);
  });
  await callback.stop();
  await worker.stop();
  await timed('the server is lost', () => source.lose());
  return { moment, bytes, whenLost };
}

/** @returns the restored server, and what stood in it before any program of ours saw it */
function bringBack({ timed, folder, tool, servers }: Stage, moment: string) {
  return timed('restore to that moment, until the server answers', async () => {
    mkdirSync(join(folder, 'target'));
    const settings = await tool.restore(moment, join(folder, 'target', 'data'));
    const target = await servers.start('target', settings);
    await promoted(target.database);
    return { target, cameBack: await look(target.database) };
  });
}

/** What docs/backup-and-restore.md says that is done before any program starts. @returns how many erasures were carried out again */
async function makeRight({ timed, installation, faults }: Stage, database: InstallationDatabase): Promise<number> {
  const run = (file: string, words: string[], environment: Record<string, string>) =>
    expectSuccess(installation.run(THIS_VERSION, file, words, environment));
  await timed('npm run migrate', () => run('db/migrate.ts', [], { DATABASE_URL: database.url }));
  const said = await timed('npm run erasures:replay', () =>
    run('worker/replay-erasures.ts', [], installation.workerEnvironment(database)),
  );
  // It refuses where anything else is missing than the newest, which the worker's file knows.
  await timed('npm run audit:verify -- --accept-restore', () =>
    run('audit-tools/verify.ts', ['--accept-restore'], { ...auditor(installation), DATABASE_URL: database.url }),
  );
  const replayed = Number(/carried out again +(\d+)/.exec(said)?.[1] ?? 0);
  if (replayed !== 1) faults.push('the erasure after that moment was not carried out again');
  return replayed;
}

/** The worker sends what waited at that moment; all of it had arrived before the server was lost. */
async function sendAgain({ timed, installation, faults }: Stage, database: InstallationDatabase, removals: number) {
  const effects = () =>
    installation.organizations.reduce(
      (sum, slug) => sum + installation.memberSystem.organization(slug).members.effects(),
      0,
    );
  const before = effects();
  const waiting = await idsOfWaiting(database, AWAY);
  const { members } = installation.memberSystem.organization(AWAY);
  const hadArrived = waiting.filter((id) => members.effectsOf(id) > 0).length;
  await installation.startWorker(THIS_VERSION, database);
  await timed('the worker sends what waited', () =>
    until('every change settled', async () => (await idsOfWaiting(database)).length === 0),
  );
  // The removal of a person who is erased again is a change of its own.
  const madeTwice = effects() - before - removals;
  if (madeTwice !== 0) faults.push('a change that had arrived was made a second time');
  if (hadArrived === 0) faults.push('nothing waited that had arrived meanwhile: the drill shows nothing of it');
  return { sentAgain: waiting.length, hadArrived, madeTwice };
}

/** What was lost comes back by itself. @returns the last word of `npm run audit:verify` */
async function goOn({ timed, installation, faults }: Stage, database: InstallationDatabase): Promise<string> {
  await installation.startCallback(THIS_VERSION, database);
  await timed('people log in again, and the decision is made again', async () => {
    await everybodyLogsIn(installation, FIRST, ['filled', 'confirmed'], 'confirmed');
    await installation.settleConflict(database, AWAY);
  });
  return timed('everything is sealed, and npm run audit:verify', async () => {
    await untilSealed(database);
    const environment = { ...auditor(installation), DATABASE_URL: database.urlFor('auditor_login') };
    const { code, said } = await installation.run(THIS_VERSION, 'audit-tools/verify.ts', [], environment);
    if (code !== 0) faults.push(`audit:verify: ${said}`);
    return said.trim().split('\n').at(-1) ?? '';
  });
}

const auditor = ({ keys, checkpointFile }: Installation) => ({
  AUDIT_VERIFIER_KEYS: keys.AUDIT_VERIFIER_KEYS,
  AUDIT_CHECKPOINT_FILE: checkpointFile,
});

const untilSealed = (database: InstallationDatabase) =>
  until('everything sealed', async () => (await look(database)).counts[UNSEALED] === 0);

/** A moment before and after which everything is the same, with so many changes waiting. */
async function quietMoment(database: InstallationDatabase, waiting: number): Promise<{ at: string; sight: Sight }> {
  return until('a moment in which nothing changes', async () => {
    const sight = await look(database);
    if (sight.counts['changes that wait'] !== waiting) return undefined;
    const at = await withClient(database.url, async (client) => {
      await client.query(`set timezone = 'UTC'`);
      return (await client.query<{ at: string }>('select clock_timestamp()::text as at')).rows[0]?.at as string;
    });
    return differences(sight, await look(database)).length === 0 ? { at, sight } : undefined;
  });
}
