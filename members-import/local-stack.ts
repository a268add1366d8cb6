import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '..', '.local', 'stack.json');

/**
 * The environment of an import into the stack that `npm start` runs on this machine.
 *
 * @returns undefined when none is running
 */
export function readLocalStack(file = FILE): Record<string, string> | undefined {
  try {
    const { databaseUrls, keys } = JSON.parse(readFileSync(file, 'utf8'));
    return {
      DEPLOYMENT: 'local',
      DATABASE_URL: databaseUrls.member_importer,
      PERSONNUMMER_SEALING_KEYS: keys.PERSONNUMMER_SEALING_KEYS,
      PERSONNUMMER_INDEX_SECRETS: keys.PERSONNUMMER_INDEX_SECRETS,
    };
  } catch {
    // No stack, or one of another version: then the environment must say everything, and its reader says what is missing.
    return undefined;
  }
}
