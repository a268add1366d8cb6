/** The files of `db/functions/`, in an order in which they can be applied. */
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';

export type FunctionFile = {
  /** Name of the object, `schema.name`; the file is called the same with `.sql`. */
  name: string;
  /** Where the file is, below `db/functions/`: `matching/private.find_member.sql`. */
  path: string;
  sql: string;
};

export const FUNCTIONS_FOLDER = new URL('./functions/', import.meta.url);

/** Objects that others mention come first: views and SQL functions are checked when they are created. */
export async function readFunctionFiles(folder: URL = FUNCTIONS_FOLDER): Promise<FunctionFile[]> {
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith('.sql'));
  const files = new Map<string, FunctionFile>();
  for (const path of paths.sort(byName)) {
    const name = basename(path, '.sql');
    files.set(name, { name, path, sql: await readFile(new URL(path, folder), 'utf8') });
  }
  const ordered = new Set<FunctionFile>();
  const visiting = new Set<string>();
  const visit = (file: FunctionFile): void => {
    if (ordered.has(file) || visiting.has(file.name)) return;
    visiting.add(file.name);
    for (const other of files.values()) if (other !== file && mentions(file.sql, other.name)) visit(other);
    ordered.add(file);
  };
  for (const file of files.values()) visit(file);
  return [...ordered];
}

/** By the object's name, not by its folder: moving a file to another folder changes no migration. */
function byName(one: string, other: string): number {
  return basename(one) < basename(other) ? -1 : 1;
}

function mentions(sql: string, name: string): boolean {
  const code = sql.replace(/--.*$/gm, '');
  return new RegExp(`(?<![\\w.])${name.replace('.', '\\.')}(?![\\w])`).test(code);
}

/** Who owns an object: the audit has an owner of its own, nobody's rights that our functions run with, and so have invoices. */
export function ownerOf(name: string): 'audit_owner' | 'billing_owner' | 'registry_owner' {
  if (name.startsWith('billing.')) return 'billing_owner';
  return name.startsWith('audit.') ? 'audit_owner' : 'registry_owner';
}

/** The text of each, and between them the role that is to act next. */
export function asOwners<T extends { name: string }>(things: T[], text: (thing: T) => string): string[] {
  let acting: string | undefined;
  return things.flatMap((thing) => {
    const before = acting;
    acting = ownerOf(thing.name);
    return acting === before ? [text(thing)] : [`set local role ${acting};`, text(thing)];
  });
}
