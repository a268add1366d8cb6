/** Which tables a login needs, read from our own functions: nobody has to keep a list. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const DB_FOLDER = join(import.meta.dirname, '..');
const NAME = /(?<![\w.])[a-z_]+\.\w+/g;

const code = (path: string) => readFileSync(join(DB_FOLDER, path), 'utf8').replace(/--.*$/gm, '');

/**
 * The tables that the functions of schema `login` name, or what they call, or the triggers of such a table. Rather one too many: a function
 * that is called only now and then counts like the others.
 *
 * @returns names with their schema
 */
export function readLoginTables(): Set<string> {
  const tables = new Set(
    globSync('migrations/*.sql', { cwd: DB_FOLDER }).flatMap((file) =>
      [...code(file).matchAll(/^create table (?:if not exists )?([\w.]+)/gm)].map(([, name]) => name as string),
    ),
  );
  const files = globSync('functions/*/*.sql', { cwd: DB_FOLDER });
  const functions = new Map(files.map((file) => [basename(file, '.sql'), code(file)]));
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !(functions.has(name) || tables.has(name))) return;
    found.add(name);
    for (const [mentioned] of (functions.get(name) ?? '').matchAll(NAME)) visit(mentioned);
    if (tables.has(name)) for (const trigger of triggersOf(name, functions)) visit(trigger);
  };
  for (const name of functions.keys()) if (name.startsWith('login.')) visit(name);
  return new Set([...found].filter((name) => tables.has(name)));
}

/** Names of the functions that come with a trigger on a table. */
function triggersOf(table: string, functions: Map<string, string>): string[] {
  const on = new RegExp(`create or replace trigger [^;]*\\son ${table.replace('.', '\\.')}\\s`);
  return [...functions].flatMap(([name, sql]) => (on.test(sql) ? [name] : []));
}
