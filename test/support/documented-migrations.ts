import { copyFileSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MIGRATIONS_FOLDER } from '../../db/migration-files.ts';
import { artifactsFolder } from './artifacts.ts';

const DOWN = `-- migrate:down\ndo $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;\n`;

/** The migrations that CONTRIBUTING.md shows, in its order: the text of each file. */
export function documentedMigrations(): string[] {
  const page = readFileSync(resolve(import.meta.dirname, '../../CONTRIBUTING.md'), 'utf8');
  return [...page.matchAll(/^```sql\n(-- migrate:up[\s\S]*?)^```$/gm)].map(([, sql]) => `${sql}\n${DOWN}`);
}

/** A folder with our migrations, and after them these. */
export function withMigrations(...texts: string[]): string {
  const folder = mkdtempSync(join(artifactsFolder(), 'next-migrations-'));
  for (const file of globSync('*.sql', { cwd: MIGRATIONS_FOLDER }))
    copyFileSync(join(MIGRATIONS_FOLDER, file), join(folder, file));
  for (const [nth, text] of texts.entries()) writeFileSync(join(folder, `2099010100000${nth}_next.sql`), text);
  return folder;
}

/** One statement, as a migration that is a transaction. */
export const asMigration = (sql: string) =>
  `-- migrate:up\nset local role registry_owner;\n${sql}\nreset role;\n\n${DOWN}`;
