import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../local/postgres.ts';

let started: Promise<string> | undefined;

/**
 * The connection string of the superuser of the cluster the tests use: `TEST_DATABASE_URL`, which `test/run.ts` sets, or,
 * when one file is run alone, an embedded cluster that lives as long as this process.
 */
export function clusterUrl(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return Promise.resolve(given);
  started ??= startOwnCluster();
  return started;
}

async function startOwnCluster(): Promise<string> {
  const folder = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-test-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    password: randomBytes(18).toString('base64url'),
    throwaway: folder,
  });
  return server.url;
}

/** The password of a login role in the tests' cluster: every process works out the same one from the cluster's address. */
export function rolePassword(cluster: string, role: string): string {
  return createHash('sha256').update(`${role}@${cluster}`).digest('base64url');
}
