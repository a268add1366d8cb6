import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { makeClockMovable } from '../clock/movable-clock.ts';
import { LOGIN_ROLES, type LoginRole, prepareLoginRoles } from '../login-roles.ts';
import { type RunningPostgres, startPostgres, stopLeftover } from '../postgres.ts';
import type { StackFolder } from './folder.ts';

export type StackDatabase = {
  server: RunningPostgres;
  /** Stops the server and deletes the data: the next start begins anew anyway. */
  stop(): Promise<void>;
  /** Superuser's. */
  url: string;
  urls: Record<LoginRole, string>;
};

const NAME = 'personnummer_sync';

export type DatabaseOptions = {
  /** To take if it is free. */
  port: number;
  /** Whether the database's clock can be moved forward. */
  clock: boolean;
};

/** Starts an empty cluster and answers when the database in it is migrated and its roles can log in. */
export async function startDatabase(folder: StackFolder, { port, clock }: DatabaseOptions): Promise<StackDatabase> {
  const dataFolder = join(folder.database, 'data');
  await stopLeftover(dataFolder);
  rmSync(folder.database, { recursive: true, force: true });
  const server = await startPostgres({
    dataFolder,
    logFile: join(folder.logs, 'postgres.log'),
    password: newPassword(),
    port,
    // It need not survive a crash: each start begins anew.
    settings: { fsync: 'off', full_page_writes: 'off' },
  });
  endWhenToldTo(server, dataFolder);
  const url = new URL(server.url);
  await withClient(url.href, (client) => client.query(`create database ${NAME}`));
  url.pathname = `/${NAME}`;
  if (clock) await withClient(url.href, makeClockMovable);
  await migrate({ databaseUrl: url.href });

  const passwords = new Map(LOGIN_ROLES.map((role) => [role, newPassword()]));
  await withClient(url.href, (client) => prepareLoginRoles(client, (role) => passwords.get(role) ?? ''));
  const urls = LOGIN_ROLES.map((role) => {
    const own = new URL(url);
    own.username = role;
    own.password = passwords.get(role) ?? '';
    return [role, own.href];
  });
  return {
    server,
    url: url.href,
    urls: Object.fromEntries(urls) as Record<LoginRole, string>,
    async stop() {
      await server.stop();
      rmSync(folder.database, { recursive: true, force: true });
    },
  };
}

const LOOK_EVERY_MS = 1_000;

/**
 * SIGTERM tells PostgreSQL to wait until every session has ended, which those of the programs never do, and to let nobody in
 * meanwhile. Whoever sends it wants the server to end, so it is then told to do so at once.
 */
function endWhenToldTo(server: RunningPostgres, dataFolder: string): void {
  const timer = setInterval(() => {
    if (isStopping(dataFolder)) process.kill(server.pid, 'SIGINT');
  }, LOOK_EVERY_MS).unref();
  void server.ended.then(() => clearInterval(timer));
}

/** The last line of the server's pid file says what it is doing. */
function isStopping(dataFolder: string): boolean {
  try {
    return readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').trimEnd().endsWith('stopping');
  } catch {
    return false; // not written yet, or gone together with the server
  }
}

/** Runs an action on a connection of its own. */
export async function withClient<T>(url: string, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}

function newPassword(): string {
  return randomBytes(18).toString('base64url');
}
