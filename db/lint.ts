/**
 * The part of `npm run check` that reads SQL: what `db/CONVENTIONS.md` asks of a file and no database can tell. What a
 * database can tell (search_path, row security, grants, comments) is tested on one, in `test/db/`.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './lint/check.ts';
import { lockingMigrations } from './lint/locking-migrations.ts';
import { FUNCTION_RULES, MIGRATION_RULES } from './lint/rules.ts';
import { changedHistory } from './released.ts';

const FOLDER = import.meta.dirname;
const MIGRATIONS = join(FOLDER, 'migrations');

const findings = [
  ...check(FOLDER, 'functions/*/*.sql', FUNCTION_RULES),
  ...check(FOLDER, 'migrations/*.sql', MIGRATION_RULES),
  ...[...changedHistory(MIGRATIONS), ...(await lockingMigrations(MIGRATIONS))].map(({ file, says }) => ({
    file: `db/migrations/${file}`,
    says,
  })),
];
for (const { file, says } of findings) console.error(`${file}: ${says}`);
if (findings.length > 0) process.exitCode = 1;
else console.log(`SQL: ${globSync('{functions/*,migrations}/*.sql', { cwd: FOLDER }).length} files, nothing to say`);
