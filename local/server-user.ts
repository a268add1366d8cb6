import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** The account that a PostgreSQL server runs under when we ourselves are root, which PostgreSQL refuses to be. */
export type ServerUser = { uid: number; gid: number };

/** An account for the server: none is needed unless we are root; then `postgres` where it exists, else `nobody`. */
export function findServerUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = readId(['-u', name]);
    const gid = readId(['-g', name]);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('running as root, and there is no account `postgres` or `nobody` to run PostgreSQL under');
}

/** Whether an account may enter a folder, going by the permissions of the folder and of all above it. */
export function canReach(folder: string, user: ServerUser): boolean {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { mode, uid, gid } = statSync(path);
    const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

function readId(options: string[]): number | undefined {
  try {
    return Number.parseInt(execFileSync('id', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }), 10);
  } catch {
    return undefined;
  }
}
