import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { canReach, findServerUser } from '../server-user.ts';

/** Where a stack keeps what it needs. */
export type StackFolder = {
  root: string;
  logs: string;
  /** Parent of the database's data folder. */
  database: string;
  /** Described in `stack-file.ts`. */
  file: string;
  /** The sample organisations, as `npm run configure` reads them. */
  configuration: string;
};

/**
 * Makes a stack's folder ready for a fresh start: what an earlier stack left is removed, also after a crash.
 *
 * The database's data goes to the temporary folder where the server's account cannot enter the stack's own.
 */
export function prepareFolder(root: string): StackFolder {
  mkdirSync(root, { recursive: true });
  const user = findServerUser();
  if (user !== undefined) chmodSync(root, 0o711);
  const elsewhere = join(
    os.tmpdir(),
    `personnummer-sync-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`,
  );
  const database = user === undefined || canReach(root, user) ? join(root, 'postgres') : elsewhere;
  const folder = {
    root,
    logs: join(root, 'logs'),
    database,
    file: join(root, 'stack.json'),
    configuration: join(root, 'configuration.yaml'),
  };
  for (const path of [folder.logs, folder.file, folder.configuration]) rmSync(path, { recursive: true, force: true });
  mkdirSync(folder.logs, { recursive: true });
  return folder;
}
