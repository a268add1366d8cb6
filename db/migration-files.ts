/** The files of `db/migrations/`, as dbmate reads them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations');

export interface MigrationFile {
  /** `20261128000200_registry.sql`. */
  readonly file: string;
  /** The digits that its name begins with: what a database remembers of it. */
  readonly version: string;
  /** What is done, as SQL. */
  readonly up: string;
  /** False where its first line says `transaction:false`: its one statement commits by itself. */
  readonly inTransaction: boolean;
}

/** In the order in which they are applied. */
export async function readMigrations(folder = MIGRATIONS_FOLDER): Promise<MigrationFile[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(files.map(async (file) => readMigration(file, await readFile(join(folder, file), 'utf8'))));
}

export function readMigration(file: string, text: string): MigrationFile {
  const up = text.split('-- migrate:down')[0] as string;
  const inTransaction = !/^-- migrate:up\b.*\btransaction:\s*false\b/m.test(up);
  return { file, version: file.split('_')[0] as string, up, inTransaction };
}
