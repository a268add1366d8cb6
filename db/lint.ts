/**
 * The part of `npm run check` that reads SQL: what `db/CONVENTIONS.md` asks of a file and no database can tell. What a
 * database can tell (search_path, row security, grants, comments) is tested on one, in `test/db/`.
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Finding = { file: string; says: string };

const FOLDER = import.meta.dirname;
const LONGEST_FUNCTION = 60;

/** Rules for one file of `db/functions/`: what is asked, and whether the text fulfils it. */
const FUNCTION_RULES: [says: string, holds: (sql: string, name: string) => boolean][] = [
  ['begins with a comment that says why it exists', (sql) => sql.startsWith('-- ')],
  ['creates the object it is named after', (sql, name) => creates(sql).includes(name)],
  ['creates nothing else', (sql) => creates(sql).length === 1],
  ['uses create or replace', (sql) => !/^create (?!or replace)/m.test(sql)],
  ['carries a comment on its object', (sql, name) => sql.includes(`comment on ${kind(sql)} ${name} is`)],
  [
    'states volatility and an empty search_path',
    (sql) => kind(sql) === 'view' || /\b(immutable|stable|volatile)\b[\s\S]*set search_path = ''/.test(sql),
  ],
  [
    `has at most ${LONGEST_FUNCTION} lines of code`,
    (sql) => sql.split('\n').filter((line) => !line.startsWith('--')).length <= LONGEST_FUNCTION,
  ],
  [
    'holds no line longer than 150 characters, comments on objects aside',
    (sql) => sql.split('\n').every((line) => line.length <= 150 || /^comment on/.test(line)),
  ],
  [
    'keeps lower case for keywords',
    (sql) => !/^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|BEGIN|END|DECLARE|RETURN)\b/m.test(sql),
  ],
];

const MIGRATION_RULES: [says: string, holds: (sql: string) => boolean][] = [
  [
    'has one `-- migrate:up` on its first line',
    (sql) => sql.startsWith('-- migrate:up\n') && sql.split('-- migrate:up').length === 2,
  ],
  ['has a `-- migrate:down` that refuses', (sql) => /-- migrate:down\n.*raise exception/.test(sql)],
  [
    'acts as the owner, and stops doing so',
    (sql) => sql.includes('set local role registry_owner;') && sql.includes('reset role;'),
  ],
];

const creates = (sql: string) =>
  [...sql.matchAll(/^create or replace (?:function|view) ([\w.]+)/gm)].map((match) => match[1] as string);
const kind = (sql: string) => (/^create or replace view/m.test(sql) ? 'view' : 'function');

function check<Rule extends (sql: string, name: string) => boolean>(
  pattern: string,
  rules: [string, Rule][],
): Finding[] {
  return globSync(pattern, { cwd: FOLDER }).flatMap((file) => {
    const sql = readFileSync(join(FOLDER, file), 'utf8');
    const name = file.replace(/^.*\//, '').replace(/\.sql$/, '');
    return rules.filter(([, holds]) => !holds(sql, name)).map(([says]) => ({ file: `db/${file}`, says }));
  });
}

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
  ...check('functions/*.sql', FUNCTION_RULES),
  ...check('migrations/*.sql', MIGRATION_RULES),
  ...changedHistory(),
];
for (const { file, says } of findings) console.error(`${file}: ${says}`);
if (findings.length > 0) process.exitCode = 1;
else console.log(`SQL: ${globSync('{functions,migrations}/*.sql', { cwd: FOLDER }).length} files, nothing to say`);
