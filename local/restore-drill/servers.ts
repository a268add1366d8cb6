import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { InstallationDatabase } from '../installation.ts';
import { LOGIN_ROLES, type LoginRole } from '../login-roles.ts';
import { type RunningPostgres, startPostgres } from '../postgres.ts';
import type { PostgresVersion } from '../postgres-binaries.ts';
import { withClient } from '../stack/database.ts';
import { until } from './until.ts';

/** The database in each of them. */
export const NAME = 'personnummer_sync';

export type Server = RunningPostgres & {
  readonly dataFolder: string;
  readonly database: InstallationDatabase;
  /** As when its machine dies. */
  lose(): Promise<void>;
};

/** Servers whose roles have the same passwords: a physical backup brings them along. */
export function createServers(folder: string, version: PostgresVersion, parts: AsyncDisposableStack) {
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

/** Everything up to now has left the machine. */
export async function archived({ url }: InstallationDatabase): Promise<void> {
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

export const promoted = ({ url }: InstallationDatabase) =>
  until('the restored server is open', () =>
    withClient(url, async (client) => !(await client.query('select pg_is_in_recovery() as is')).rows[0].is).catch(
      () => false,
    ),
  );
