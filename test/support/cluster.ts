import { createHash } from 'node:crypto';

/** The connection string of the superuser of the cluster that `test/setup/cluster.ts` made for this run. */
export function clusterUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url)
    throw new Error('TEST_DATABASE_URL is missing: run tests by `npx vitest run <file>`, which makes the cluster');
  return url;
}

/** A folder for empty clusters that tests copy; `test/setup/cluster.ts` makes and removes it. */
export function emptyClusters(): string {
  const folder = process.env.TEST_EMPTY_CLUSTERS;
  if (!folder) throw new Error('TEST_EMPTY_CLUSTERS is missing: run tests by `npx vitest run <file>`');
  return folder;
}

/** The password of a login role in the tests' cluster: every process works out the same one from the cluster's address. */
export function rolePassword(cluster: string, role: string): string {
  return createHash('sha256').update(`${role}@${cluster}`).digest('base64url');
}
