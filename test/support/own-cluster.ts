import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createCluster } from '../../local/create-cluster.ts';
import { type RunningPostgres, startPostgres } from '../../local/postgres.ts';
import { findPostgres, type PostgresVersion } from '../../local/postgres-binaries.ts';
import { findServerUser } from '../../local/server-user.ts';
import { clusterUrl, emptyClusters, rolePassword } from './cluster.ts';

/** A cluster of its own, thrown away afterwards: for tests about roles, which belong to a cluster, or about a certain version. */
export async function withCluster(version: PostgresVersion, action: (server: RunningPostgres) => Promise<void>) {
  const server = await startCluster(version);
  try {
    await action(server);
  } finally {
    await server.stop();
  }
}

/** The same, until somebody stops it. */
export async function startCluster(version: PostgresVersion): Promise<RunningPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-'));
  await chmod(folder, 0o711); // the server's account must come through
  const password = rolePassword(clusterUrl(), 'postgres');
  const dataFolder = join(folder, 'data');
  await promisify(execFile)('cp', ['-a', await emptyCluster(version, password), dataFolder]);
  return await startPostgres({
    dataFolder,
    logFile: join(folder, 'postgres.log'),
    password,
    throwaway: folder,
    version,
  });
}

/** What initdb makes, made once per run and version: it takes two seconds, a copy a tenth of that. */
async function emptyCluster(version: PostgresVersion, password: string): Promise<string> {
  const folder = join(emptyClusters(), String(version));
  if (existsSync(folder)) return folder;
  const user = findServerUser();
  const unfinished = join(emptyClusters(), `${version}-${process.pid}`);
  await createCluster(await findPostgres(version, user), unfinished, password, user);
  // Whoever is second takes the first one's.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}
