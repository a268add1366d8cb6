import { mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isRunning } from '../../local/is-running.ts';
import { ensureTemplate } from '../support/template.ts';
import { chooseCluster } from './choose-cluster.ts';

const ARTIFACTS = resolve(import.meta.dirname, '../../.test', String(process.pid));

/** Logs stay for reading until the next run; those of runs still under way are not ours to touch. */
async function removeOldArtifacts(): Promise<void> {
  for (const name of await readdir(dirname(ARTIFACTS)).catch(() => [])) {
    if (/^[0-9]+$/.test(name) && !isRunning(Number(name)))
      await rm(resolve(dirname(ARTIFACTS), name), { recursive: true, force: true });
  }
}

/** Before all tests: one cluster for all of them, with the migrated database that theirs are copied from. */
export default async function setUp(): Promise<() => Promise<void>> {
  await removeOldArtifacts();
  mkdirSync(ARTIFACTS, { recursive: true });
  const cluster = await chooseCluster(ARTIFACTS);
  console.log(`database: ${cluster.description}`);
  const emptyClusters = await mkdtemp(join(tmpdir(), 'empty-clusters-'));
  process.env.TEST_EMPTY_CLUSTERS = emptyClusters;
  process.env.TEST_DATABASE_URL = cluster.url;
  process.env.TEST_ARTIFACTS = ARTIFACTS;
  await ensureTemplate(cluster.url);
  return async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(emptyClusters, { recursive: true, force: true });
  };
}
