import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
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

/** Starts an empty cluster and answers when the database in it is migrated and its roles can log in. */
export async function startDatabase(folder: StackFolder, port: number): Promise<StackDatabase> {
  const dataFolder = join(folder.database, 'data');
  await stopLeftover(dataFolder);
  rmSync(folder.database, { recursive: true, force: true });
  const server = await startPostgres({
    dataFolder,
    logFile: join(folder.logs, 'postgres.log'),
    password: newPassword(),
    port,
  });
  const url = new URL(server.url);
  await withClient(url.href, (client) => client.query(`create database ${NAME}`));
  url.pathname = `/${NAME}`;
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
