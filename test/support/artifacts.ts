import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

let own: string | undefined;

/**
 * Where services under test write their logs, so that the last tests can search them: `TEST_ARTIFACTS`, which
 * `test/run.ts` sets, or a temporary folder when a file is run alone.
 */
export function artifactsFolder(): string {
  own ??= process.env.TEST_ARTIFACTS || mkdtempSync(join(os.tmpdir(), 'personnummer-sync-artifacts-'));
  return own;
}
