import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningPostgres, startPostgres } from '../../local/postgres.ts';
import type { PostgresVersion } from '../../local/postgres-binaries.ts';

/** A cluster of its own, thrown away afterwards: for tests about roles, which belong to a cluster, or about a certain version. */
export async function withCluster(version: PostgresVersion, action: (server: RunningPostgres) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    password: randomUUID(),
    throwaway: folder,
    version,
  });
  try {
    await action(server);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
