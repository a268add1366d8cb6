import { readLoginTables } from '../locks/login-tables.ts';
import { judgeMigrations } from '../locks/migration.ts';
import { readMigrations } from '../migration-files.ts';
import { readReleased } from '../released.ts';

/**
 * The first release makes a new database, where nobody logs in yet. Every migration after it runs where people do.
 *
 * @returns what new migrations may not do, and how it is done instead: file and sentence
 */
export async function lockingMigrations(folder: string): Promise<{ file: string; says: string }[]> {
  const released = readReleased(folder);
  if (released.size === 0) return [];
  const files = await readMigrations(folder);
  const earlier = files.filter(({ file }) => released.has(file));
  const judgements = await judgeMigrations(
    files.filter(({ file }) => !released.has(file)),
    earlier,
    readLoginTables(),
  );
  return judgements.flatMap(({ file, faults }) => faults.map((says) => ({ file, says })));
}
