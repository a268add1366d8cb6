/** Where services under test write their logs, so that the last tests can search them; `test/setup/cluster.ts` makes it. */
export function artifactsFolder(): string {
  const folder = process.env.TEST_ARTIFACTS;
  if (!folder) throw new Error('TEST_ARTIFACTS is missing: run tests by `npx vitest run <file>`');
  return folder;
}
