/** What is asked of a file, and whether its text fulfils it. @param name the file's, without `.sql` */
export type Rule = [says: string, holds: (sql: string, name: string) => boolean];

/** Rows with one writer, and the functions that spell the statement out all the same, each of which says why. */
const WRITERS: [statement: RegExp, by: string[]][] = [
  [/insert into registry\.conflicts\b/, ['private.open_case']],
  [
    /insert into audit\.events\b/,
    ['private.record_event', 'private.confirm_known_login', 'private.settle_pushes', 'audit.redact_events'],
  ],
  [/update registry\.members\b[^;]*\bset\b[^;]*\bpersonnummer_index =/, ['private.write_numbers']],
];

/** For each file of `db/functions/`. */
export const FUNCTION_RULES: Rule[] = [
  ['begins with a comment that says why it exists', (sql) => sql.startsWith('-- ')],
  ['creates the object it is named after', (sql, name) => creates(sql).includes(name)],
  ['creates nothing else', (sql) => creates(sql).length === 1],
  ['uses create or replace', (sql) => !/^create (?!or replace)/m.test(sql)],
  ['carries a comment on its object', (sql, name) => sql.includes(`comment on ${kind(sql)} ${name} is`)],
  [
    'states volatility and a search_path in which temporary objects come last',
    (sql) =>
      kind(sql) === 'view' || /\b(immutable|stable|volatile)\b[\s\S]*set search_path = pg_catalog, pg_temp$/m.test(sql),
  ],
  [
    'holds no line longer than 150 characters, comments on objects aside',
    (sql) => sql.split('\n').every((line) => line.length <= 150 || /^comment on/.test(line)),
  ],
  [
    'writes no row that another function is the writer of',
    (sql, name) => WRITERS.every(([statement, by]) => by.includes(name) || !statement.test(sql)),
  ],
  [
    'keeps lower case for keywords',
    (sql) => !/^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|BEGIN|END|DECLARE|RETURN)\b/m.test(sql),
  ],
];

/** For each file of `db/migrations/`. */
export const MIGRATION_RULES: Rule[] = [
  [
    'has one `-- migrate:up` on its first line',
    (sql) => /^-- migrate:up(?: transaction:false)?\n/.test(sql) && sql.split('-- migrate:up').length === 2,
  ],
  ['has a `-- migrate:down` that refuses', (sql) => /-- migrate:down\n.*raise exception/.test(sql)],
  [
    'acts as the owner, and stops doing so, unless it is one statement without a transaction',
    (sql) =>
      sql.startsWith('-- migrate:up transaction:false\n') ||
      (/^set local role (registry|audit|billing)_owner;$/m.test(sql) && sql.includes('reset role;')),
  ],
];

const creates = (sql: string) =>
  [...sql.matchAll(/^create or replace (?:function|view) ([\w.]+)/gm)].map((match) => match[1] as string);
const kind = (sql: string) => (/^create or replace view/m.test(sql) ? 'view' : 'function');
