/**
 * The part of `npm run check` that reads SQL: what `db/CONVENTIONS.md` asks of a file and no database can tell. What a
 * database can tell (search_path, row security, grants, comments) is tested on one, in `test/db/`.
 */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { check, type Finding } from './lint/check.ts';
import { FUNCTION_RULES, MIGRATION_RULES } from './lint/rules.ts';

const FOLDER = import.meta.dirname;

/** Migrations that are on the main branch already are history: changing one makes databases differ that look the same. */
function changedHistory(): Finding[] {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: FOLDER, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  let base: string;
  try {
    base = git('merge-base', 'HEAD', 'origin/main').trim();
  } catch {
    return []; // no such branch here: a tarball, or a clone without its origin
  }
  const changed = git('diff', '--name-only', '--diff-filter=MDR', base, '--', 'migrations').split('\n').filter(Boolean);
  return changed.map((file) => ({
    file,
    says: 'is on the main branch already and must not change; write a new migration',
  }));
}

const findings = [
  ...check(FOLDER, 'functions/*.sql', FUNCTION_RULES),
  ...check(FOLDER, 'migrations/*.sql', MIGRATION_RULES),
  ...changedHistory(),
];
for (const { file, says } of findings) console.error(`${file}: ${says}`);
if (findings.length > 0) process.exitCode = 1;
else console.log(`SQL: ${globSync('{functions,migrations}/*.sql', { cwd: FOLDER }).length} files, nothing to say`);
