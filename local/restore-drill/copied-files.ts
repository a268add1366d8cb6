import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findServerUser } from '../server-user.ts';
import { withClient } from '../stack/database.ts';
import type { BackupTool } from './backup-tool.ts';

const run = promisify(execFile);

/** A base backup with PostgreSQL's own functions and `tar`, and an archive that is a folder: it needs nothing that is not here. */
export function copyFiles(folder: string): BackupTool {
  const user = findServerUser();
  const [archive, base] = ['archive', 'base.tar'].map((name) => join(folder, name)) as [string, string];
  const own = (path: string) => user && chownSync(path, user.uid, user.gid);
  mkdirSync(archive);
  own(archive);
  return {
    name: 'pg_backup_start and copied files',
    settings: { archive_mode: 'on', archive_command: `cp %p '${archive}/%f'` },
    prepare: async () => undefined,
    takeFull: ({ dataFolder, url }) =>
      withClient(url, async (client) => {
        await client.query(`select pg_backup_start('drill', true)`);
        // A file may go or grow while it is read: what is written meanwhile is in the archive. Tar then ends with 1.
        const words = [
          '--exclude=./pg_wal/*',
          '--exclude=./postmaster.*',
          '--exclude=./pg_replslot/*',
          '--ignore-failed-read',
        ];
        await run('tar', ['-C', dataFolder, ...words, '-cf', base, '.']).catch((error: { code?: unknown }) => {
          if (error.code !== 1) throw error;
        });
        const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop()');
        writeFileSync(join(folder, 'backup_label'), rows[0]?.labelfile ?? '');
      }),
    async restore(moment, dataFolder) {
      mkdirSync(dataFolder, { mode: 0o700 });
      own(dataFolder);
      await run('tar', ['-C', dataFolder, '-xpf', base]);
      for (const file of ['backup_label', 'recovery.signal']) {
        const path = join(dataFolder, file);
        if (file === 'recovery.signal') writeFileSync(path, '');
        else await run('cp', [join(folder, file), path]);
        own(path);
      }
      return {
        restore_command: `cp '${archive}/%f' %p`,
        recovery_target_time: moment,
        recovery_target_action: 'promote',
      };
    },
  };
}
