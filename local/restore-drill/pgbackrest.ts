import { execFile, execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { availableVersions, type PostgresVersion } from '../postgres-binaries.ts';
import { findServerUser } from '../server-user.ts';
import type { BackupSource, BackupTool } from './backup-tool.ts';

const STANZA = 'drill';

/** Since which of its versions it knows a PostgreSQL: its release notes say so. Debian 12 has 2.45. */
const KNOWS: readonly [pgbackrest: number, postgres: PostgresVersion][] = [
  [57, 18],
  [54, 17],
  [47, 16],
  [37, 15],
];

/** @returns its version and the newest PostgreSQL here that it can back up; undefined where there is none */
export function findPgBackRest(): { version: string; postgres: PostgresVersion } | undefined {
  let version: string;
  try {
    version = execFileSync('pgbackrest', ['version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
  const minor = Number(/ 2\.(\d+)/.exec(version)?.[1] ?? 0);
  const here = availableVersions();
  const postgres = KNOWS.find(([since, postgres]) => minor >= since && here.includes(postgres))?.[1];
  return postgres && { version, postgres };
}

/** As docs/backup-and-restore.md sets it up, with its repository in a folder. */
export function usePgBackRest(folder: string, version: string): BackupTool {
  const user = findServerUser();
  const path = (name: string) => join(folder, name);
  const config = path('pgbackrest.conf');
  for (const name of ['repo', 'log', 'lock', 'spool', 'socket']) {
    mkdirSync(path(name));
    if (user) chownSync(path(name), user.uid, user.gid);
  }
  const configure = ({ dataFolder, port }: Pick<BackupSource, 'dataFolder' | 'port'>) =>
    writeFileSync(
      config,
      `[global]
repo1-path=${path('repo')}
repo1-retention-full=2
log-path=${path('log')}
lock-path=${path('lock')}
spool-path=${path('spool')}
start-fast=y

[${STANZA}]
pg1-path=${dataFolder}
pg1-port=${port}
pg1-socket-path=${path('socket')}
pg1-user=postgres
`,
    );
  const run = async (words: string[], password = '') => {
    const env = { ...process.env, PGPASSWORD: password };
    const all = [`--config=${config}`, `--stanza=${STANZA}`, '--log-level-console=warn', ...words];
    await promisify(execFile)('pgbackrest', all, { ...user, cwd: folder, env }).catch(
      (error: { stdout?: string; stderr?: string }) => {
        throw new Error(`pgbackrest ${words.at(-1)}: ${error.stdout ?? ''}${error.stderr ?? ''}`.trim(), {
          cause: error,
        });
      },
    );
  };
  const passwordOf = ({ url }: BackupSource) => decodeURIComponent(new URL(url).password);
  return {
    name: version,
    settings: {
      archive_mode: 'on',
      archive_command: `pgbackrest --config=${config} --stanza=${STANZA} archive-push %p`,
      unix_socket_directories: path('socket'),
    },
    async prepare(source) {
      configure(source);
      await run(['stanza-create'], passwordOf(source));
    },
    takeFull: (source) => run(['--type=full', 'backup'], passwordOf(source)),
    async restore(moment, dataFolder) {
      mkdirSync(dataFolder, { mode: 0o700 });
      if (user) chownSync(dataFolder, user.uid, user.gid);
      await run([
        `--pg1-path=${dataFolder}`,
        '--type=time',
        `--target=${moment}`,
        '--target-action=promote',
        'restore',
      ]);
      // It has written into the data folder how the archive is read.
      return { unix_socket_directories: path('socket') };
    },
  };
}
