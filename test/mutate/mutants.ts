/** Small mistakes in SQL, one at a time: a condition, a lock, an order, a statement, a grant or a policy taken out or turned round. */

export type Mutant = {
  /** What the mistake is done to: the name of a function, view or policy. */
  name: string;
  /** Kind of mistake, for the table. */
  kind: string;
  /** Line of the file, from 1, and what stood there. */
  line: number;
  was: string;
  /** Statement that puts the mistake into a database. */
  sql: string;
};

type Change = { kind: string; at: number; length: number; by: string };

/** Words that end a condition when they stand at its own depth of parentheses. */
const ENDS =
  /^(and|or|then|group|order|limit|returning|for|on|join|left|cross|union|when|end|else|loop|as|set|window|having)\b/i;

/** @returns every small mistake that can be made in a function's or view's file */
export function mutantsOf(name: string, sql: string): Mutant[] {
  const masked = mask(sql);
  const from = masked.search(/^create or replace/m);
  const body = Math.max(masked.indexOf('$$', from), masked.search(/\bas\n/), from);
  const to = masked.search(/^comment on/m);
  const changes = [
    ...conditions(masked),
    ...words(masked, /\bis not null\b/g, 'null test turned round', () => 'is null'),
    ...words(masked, /\bis null\b/g, 'null test turned round', () => 'is not null'),
    ...words(masked, /\bnot exists\b/g, 'exists turned round', () => 'exists'),
    ...words(masked, /(?<!not )(?<!if )\bexists(?= \()/g, 'exists turned round', () => 'not exists'),
    ...words(masked, /\bis distinct from\b/g, 'comparison turned round', () => 'is not distinct from'),
    ...words(masked, /\bis not distinct from\b/g, 'comparison turned round', () => 'is distinct from'),
    ...words(
      masked,
      / (<=|>=|<|>|=|<>) (?=[\w(':])/g,
      'comparison turned round',
      (found) => TURNED[found.trim()] ?? found,
    ),
    ...words(
      masked,
      /\bfor (no key )?(update|share)( of \w+)?( skip locked| nowait)?/g,
      'row lock taken out',
      () => '',
    ),
    ...words(
      masked,
      /\bperform private\.lock_\w+\([^;]*;|\bperform pg_catalog\.pg_advisory_xact_lock\([^;]*;/g,
      'lock taken out',
      () => 'null;',
    ),
    ...words(masked, /\bperform private\.(?!lock_)\w+\([^;]*;/g, 'statement taken out', () => 'null;'),
    ...words(masked, /\border by [\w. ,]+(?= limit|\n| for\b)/g, 'order taken out', () => ''),
    ...words(masked, /\binterval '[^']*'/g, 'time changed', () => "interval '3 years'"),
  ].filter(({ at }) => at > body && (to < 0 || at < to));
  return changes.map(({ kind, at, length, by }) => ({
    name,
    kind,
    line: sql.slice(0, at).split('\n').length,
    was: sql
      .slice(at, at + length)
      .replace(/\s+/g, ' ')
      .trim(),
    sql: sql.slice(0, at) + by + sql.slice(at + length),
  }));
}

const TURNED: Record<string, string> = { '=': ' <> ', '<>': ' = ', '<': ' >= ', '>': ' <= ', '<=': ' > ', '>=': ' < ' };

/** @returns each policy that restricts, opened to everybody, and each grant to a role taken back */
export function policyMutants(migration: string): Mutant[] {
  const found: Mutant[] = [];
  for (const match of migration.matchAll(/create policy (\w+) on ([\w.]+)[^;]*?using \(((?!true\))[^;]*)\);/g)) {
    const [statement, policy = '', table = ''] = match;
    const line = migration.slice(0, match.index).split('\n').length;
    const sql = `alter policy ${policy} on ${table} using (true);`;
    found.push({ name: `${table} ${policy}`, kind: 'policy opened', line, was: statement.replace(/\s+/g, ' '), sql });
  }
  for (const match of migration.matchAll(/grant (select|insert|update|delete)[^;]*? on ([\w.]+) to (\w+);/gs)) {
    const [statement, privilege = '', table = '', role = ''] = match;
    const line = migration.slice(0, match.index).split('\n').length;
    const sql = `grant ${privilege} on ${table} to ${role};`;
    found.push({ name: `${table} ${role}`, kind: 'grant widened', line, was: statement.replace(/\s+/g, ' '), sql });
  }
  return found;
}

/** The same text with comments and string literals blanked, so that no word in them is taken for SQL. */
function mask(sql: string): string {
  return sql.replace(/--.*$|'(?:[^']|'')*'/gm, (text) =>
    text.startsWith("'") ? `'${'x'.repeat(text.length - 2)}'` : ' '.repeat(text.length),
  );
}

function words(masked: string, pattern: RegExp, kind: string, by: (found: string) => string): Change[] {
  return [...masked.matchAll(pattern)].map((match) => ({
    kind,
    at: match.index,
    length: match[0].length,
    by: by(match[0]),
  }));
}

/** Each `and ...` and `or ...` up to where its condition ends. */
function conditions(masked: string): Change[] {
  const changes: Change[] = [];
  for (const match of masked.matchAll(/\b(and|or) /g)) {
    if (/\bbetween [\w.()' ]+$/.test(masked.slice(0, match.index)) || /create\s*$/.test(masked.slice(0, match.index)))
      continue;
    const end = endOfCondition(masked, match.index + match[0].length);
    changes.push({ kind: `'${match[1]}' taken out`, at: match.index, length: end - match.index, by: '' });
  }
  return changes;
}

function endOfCondition(masked: string, from: number): number {
  let depth = 0;
  for (let at = from; at < masked.length; at += 1) {
    const char = masked[at];
    if (char === '(' || char === '[') depth += 1;
    if (char === ')' || char === ']') depth -= 1;
    if (depth < 0 || (depth === 0 && (char === ';' || char === ','))) return at;
    if (depth === 0 && /\s/.test(masked[at - 1] ?? ' ') && ENDS.test(masked.slice(at, at + 12))) return at;
  }
  return masked.length;
}
