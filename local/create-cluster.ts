import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { canReach, type ServerUser } from './server-user.ts';

/**
 * Creates an empty cluster: superuser `postgres`, UTF-8, passwords as SCRAM (RFC 5802).
 *
 * @param native folder of the programs, see `findPostgres`
 * @param folder where it goes; the folder above it is made enterable for the server's account
 * @param user the account the server will run under, where it is not our own
 */
export async function createCluster(native: string, folder: string, password: string, user: ServerUser | undefined) {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { mode: 0o700 });
  const passwordFile = `${folder}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) {
    chmodSync(dirname(folder), statSync(dirname(folder)).mode | 0o011);
    if (!canReach(dirname(folder), user)) {
      throw new Error(`PostgreSQL cannot run as root, and the account used instead cannot enter ${dirname(folder)}`);
    }
    for (const path of [folder, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  try {
    await promisify(execFile)(
      join(native, 'bin', 'initdb'),
      [`--pgdata=${folder}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'].concat([
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ]),
      { ...user, cwd: folder },
    );
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error('initdb failed', { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}
