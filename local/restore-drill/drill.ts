import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createInstallation, expectSuccess, type Installation, type InstallationDatabase } from '../installation.ts';
import { LOGIN_ROLES, type LoginRole, prepareLoginRoles } from '../login-roles.ts';
import { type RunningPostgres, startPostgres } from '../postgres.ts';
import type { PostgresVersion } from '../postgres-binaries.ts';
import { withClient } from '../stack/database.ts';
import type { BackupTool } from './backup-tool.ts';
import { copyFiles } from './copied-files.ts';
import { findPgBackRest, usePgBackRest } from './pgbackrest.ts';
import { DIGESTS, look, type Sight, UNSEALED } from './sight.ts';

const THIS_VERSION = resolve(import.meta.dirname, '../..');
const NAME = 'personnummer_sync';
/** Whose people log in before the backup; after it; and whose member system is away when the moment comes. */
const [FIRST, SECOND, AWAY] = ['nhf', 'blindeforbundet', 'hlf'] as const;
const PATIENCE_MS = 120_000;

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

async function drill(
  folder: string,
  { members, tool: wanted, say }: DrillOptions,
  parts: AsyncDisposableStack,
): Promise<DrillReport> {
  const steps: { step: string; seconds: number }[] = [];
  const timed = async <T>(step: string, action: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await action();
    const seconds = (performance.now() - begun) / 1000;
    steps.push({ step, seconds });
    say(`${seconds.toFixed(1).padStart(6)} s  ${step}`);
    return result;
  };
  const toolFolder = join(folder, 'backups');
  mkdirSync(toolFolder);
  chmodSync(toolFolder, 0o711);
  const { tool, postgres } = chooseTool(toolFolder, wanted);
  const ledger = join(folder, 'erasures.ndjson');
  writeFileSync(ledger, '');
  const servers = createServers(folder, postgres, parts);
  const installation = await createInstallation({ folder: join(folder, 'installation'), ledger }, parts);

  // Before.
  const source = await timed('a cluster, our schema, organisations and members', async () => {
    const server = await servers.start('source', tool.settings);
    await tool.prepare(server);
    await withClient(server.url, (client) => client.query(`create database ${NAME}`));
    await expectSuccess(installation.run(THIS_VERSION, 'db/migrate.ts', [], { DATABASE_URL: server.database.url }));
    await withClient(server.database.url, (client) => prepareLoginRoles(client, servers.passwordOf));
    await installation.setUp(THIS_VERSION, server.database);
    await addMembers(server.database, members);
    return server;
  });
  const callback = await installation.startCallback(THIS_VERSION, source.database);
  const worker = await installation.startWorker(THIS_VERSION, source.database);
  await timed('logins, a decision, deliveries', async () => {
    await everybodyLogsIn(installation, FIRST);
    await installation.settleConflict(source.database, FIRST);
    await delivered(installation, FIRST, filledOf(installation, FIRST) + 1);
  });
  const bytes = await withClient(source.database.url, async (client) =>
    Number((await client.query('select pg_database_size(current_database()) as n')).rows[0].n),
  );
  await timed('full backup', () => tool.takeFull(source));

  // After the backup, until the moment.
  const moment = await timed('more logins, and changes that wait because a member system is away', async () => {
    installation.memberSystem.organization(AWAY).setMode('down');
    await everybodyLogsIn(installation, SECOND);
    await everybodyLogsIn(installation, AWAY);
    await erase(installation, source.database, FIRST, 'absent-withheld');
    return quietMoment(source.database, filledOf(installation, AWAY));
  });

  // After the moment: all of this is lost.
  const whenLost = await timed('after that moment: deliveries, a decision, an erasure, more logins', async () => {
    installation.memberSystem.organization(AWAY).setMode('ok');
    await delivered(installation, AWAY, filledOf(installation, AWAY));
    await installation.settleConflict(source.database, SECOND);
    await delivered(installation, SECOND, filledOf(installation, SECOND) + 1);
    await everybodyLogsIn(installation, FIRST, ['filled', 'confirmed']);
    await erase(installation, source.database, SECOND, 'filled');
    await delivered(installation, SECOND, filledOf(installation, SECOND) + 2);
    await until('everything sealed', async () => (await look(source.database)).counts[UNSEALED] === 0);
    await archived(source.database);
    return look(source.database);
  });
  await callback.stop();
  await worker.stop();
  await timed('the server is lost', () => source.lose());

  // Back.
  const target = await timed('restore to that moment, until the server answers', async () => {
    const dataFolder = join(folder, 'target', 'data');
    mkdirSync(join(folder, 'target'));
    const settings = await tool.restore(moment.at, dataFolder);
    const server = await servers.start('target', settings);
    await promoted(server.database);
    return server;
  });
  const cameBack = await look(target.database);
  const faults = differences(moment.sight, cameBack);
  const expect = (what: string, holds: boolean) => holds || faults.push(what);

  await timed('npm run migrate', () =>
    expectSuccess(installation.run(THIS_VERSION, 'db/migrate.ts', [], { DATABASE_URL: target.database.url })),
  );
  const replayed = await timed('npm run erasures:replay', () =>
    expectSuccess(
      installation.run(THIS_VERSION, 'worker/replay-erasures.ts', [], installation.workerEnvironment(target.database)),
    ),
  );
  const erasuresReplayed = Number(/carried out again +(\d+)/.exec(replayed)?.[1] ?? 0);
  expect('the erasure after that moment was not carried out again', erasuresReplayed === 1);

  const auditor = {
    AUDIT_VERIFIER_KEYS: installation.keys.AUDIT_VERIFIER_KEYS,
    AUDIT_CHECKPOINT_FILE: installation.checkpointFile,
  };
  const verify = (url: string, words: string[]) =>
    installation.run(THIS_VERSION, 'audit-tools/verify.ts', words, { ...auditor, DATABASE_URL: url });
  await timed('npm run audit:verify -- --accept-restore', async () => {
    const before = await verify(target.database.urlFor('auditor_login'), []);
    expect('audit:verify did not notice that the newest events are missing', before.code === 1);
    await expectSuccess(verify(target.database.url, ['--accept-restore']));
  });

  const effects = () =>
    installation.organizations.map((slug) => installation.memberSystem.organization(slug).members.effects());
  const before = effects();
  const waiting = await idsOfWaiting(target.database, AWAY);
  const { members: known } = installation.memberSystem.organization(AWAY);
  const hadArrived = waiting.filter((id) => known.effectsOf(id) > 0).length;
  await installation.startWorker(THIS_VERSION, target.database);
  await timed('the worker sends what waited', () =>
    until('every change settled', async () => (await idsOfWaiting(target.database)).length === 0),
  );
  // The removal of the person who is erased again is a change of its own.
  const madeTwice = effects().reduce((sum, n, at) => sum + n - (before[at] ?? 0), 0) - erasuresReplayed;
  expect('a change that had arrived was made a second time', madeTwice === 0);
  expect('nothing waited that had arrived meanwhile: the drill shows nothing of it', hadArrived > 0);

  await installation.startCallback(THIS_VERSION, target.database);
  await timed('people log in again, and the decision is made again', async () => {
    await everybodyLogsIn(installation, FIRST, ['filled', 'confirmed'], 'confirmed');
    await installation.settleConflict(target.database, SECOND);
  });
  const audit = await timed('everything is sealed, and npm run audit:verify', async () => {
    await until('everything sealed', async () => (await look(target.database)).counts[UNSEALED] === 0);
    const { code, said } = await verify(target.database.urlFor('auditor_login'), []);
    expect(`audit:verify: ${said}`, code === 0);
    return said.trim().split('\n').at(-1) ?? '';
  });
  return {
    ...{ tool: tool.name, postgres, bytes, steps, cameBack, whenLost, erasuresReplayed, audit, faults },
    ...{ atThatMoment: moment.sight, sentAgain: waiting.length, hadArrived, madeTwice },
  };
}

type Server = RunningPostgres & {
  readonly dataFolder: string;
  readonly database: InstallationDatabase;
  /** As when its machine dies. */
  lose(): Promise<void>;
};

/** Servers whose roles have the same passwords: a physical backup brings them along. */
function createServers(folder: string, version: PostgresVersion, parts: AsyncDisposableStack) {
  const passwords = new Map<LoginRole | 'postgres', string>();
  const passwordOf = (role: LoginRole | 'postgres') => passwords.get(role) ?? '';
  for (const role of [...LOGIN_ROLES, 'postgres'] as const) passwords.set(role, randomBytes(18).toString('hex'));
  return {
    passwordOf,
    async start(name: string, settings: Readonly<Record<string, string>>): Promise<Server> {
      const dataFolder = join(folder, name, 'data');
      const server = await startPostgres({
        ...{ dataFolder, logFile: join(folder, `${name}.log`), password: passwordOf('postgres'), version },
        throwaway: join(folder, name),
        // A throwaway server leaves whole pages out of its log, and a backup that is taken meanwhile needs them.
        settings: { full_page_writes: 'on', ...settings },
      });
      let running = true;
      parts.defer(async () => {
        if (running) await server.stop();
      });
      const urlFor = (role?: LoginRole) => {
        const url = Object.assign(new URL(server.url), { pathname: `/${NAME}` });
        return role === undefined ? url.href : Object.assign(url, { username: role, password: passwordOf(role) }).href;
      };
      return {
        ...server,
        dataFolder,
        database: { url: urlFor(), urlFor },
        async lose() {
          process.kill(server.pid, 'SIGQUIT');
          await server.ended;
          running = false;
          await server.stop(); // deletes what is left of it
        },
      };
    },
  };
}

/** Members without a number, so that the database has a size. */
async function addMembers({ url }: InstallationDatabase, count: number): Promise<void> {
  if (count === 0) return;
  await withClient(url, (client) =>
    client.query(
      `insert into registry.members (organization_id, external_id, given_name, family_name, birth_date, email)
       select (select id from registry.organizations where slug = $1), 'more-' || n, 'Medlem', 'Nummer ' || n, '1970-01-01', 'more-' || n || '@person.example'
       from generate_series(1, $2::int) as n`,
      [FIRST, count],
    ),
  );
}

/** @param only kinds, by their first outcome. @param outcome what they come to, where it is not their first login */
async function everybodyLogsIn(
  installation: Installation,
  organization: string,
  only?: readonly string[],
  outcome?: string,
) {
  for (const { person, expected } of installation.people.get(organization) ?? []) {
    if (only && !only.includes(expected)) continue;
    const { status } = await installation.logIn(person);
    const letIn = (outcome ?? expected) === 'filled' || (outcome ?? expected) === 'confirmed';
    if (letIn && status !== 'logged_in') throw new Error(`${person.id} could not log in`);
  }
}

const filledOf = (installation: Installation, organization: string) =>
  (installation.people.get(organization) ?? []).filter(({ expected }) => expected === 'filled').length;

const delivered = (installation: Installation, organization: string, count: number) =>
  until(
    `${count} changes at ${organization}'s member system`,
    () => installation.memberSystem.organization(organization).members.effects() >= count,
  );

async function erase(installation: Installation, database: InstallationDatabase, organization: string, kind: string) {
  const found = installation.people.get(organization)?.find(({ person }) => person.id === `${organization}-${kind}`);
  const member = found?.members[0]?.externalId ?? '';
  const words = ['--organization', organization, '--member', member, '--reason', 'A drill'];
  await expectSuccess(
    installation.run(THIS_VERSION, 'worker/erase-member.ts', words, installation.workerEnvironment(database)),
  );
}

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

function differences(one: Sight, other: Sight): string[] {
  const counts = Object.entries(one.counts).flatMap(([what, n]) =>
    other.counts[what] === n || what === UNSEALED
      ? []
      : [`${what}: ${n} at that moment, ${other.counts[what]} came back`],
  );
  const rows = DIGESTS.filter((table) => one.digests[table] !== other.digests[table]).map(
    (table) => `${table}: other rows came back`,
  );
  return [...counts, ...rows];
}

/** Everything up to now has left the machine. */
async function archived({ url }: InstallationDatabase): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ file: string }>('select pg_walfile_name(pg_switch_wal()) as file');
    await until('the log of changes is archived', async () => {
      const { rows: now } = await client.query<{ file: string | null }>(
        'select last_archived_wal as file from pg_stat_archiver',
      );
      return (now[0]?.file ?? '') >= (rows[0]?.file ?? '');
    });
  });
}

const promoted = ({ url }: InstallationDatabase) =>
  until('the restored server is open', () =>
    withClient(url, async (client) => !(await client.query('select pg_is_in_recovery() as is')).rows[0].is).catch(
      () => false,
    ),
  );

async function idsOfWaiting({ url }: InstallationDatabase, organization?: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `select p.id from sync.pushes as p join registry.organizations as o on o.id = p.organization_id
       where p.settled_at is null and o.slug = coalesce($1, o.slug)`,
      [organization ?? null],
    );
    return rows.map(({ id }) => id);
  });
}

/** Asks until the answer is there. @throws Error that says what it waited for */
async function until<T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${what}`);
    await pause(50);
  }
}
