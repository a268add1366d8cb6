/** `npm run db:freeze`: writes the migration that holds every file of `db/functions/`. */
import { writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { type Definitions, readDefinitions } from './catalog.ts';
import { applyStatements, asOwners, type FunctionFile, readFunctionFiles } from './function-files.ts';

const DOWN = `-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
`;

/** @returns the files whose objects differ between `before` (migrations) and `after` (files applied on top). */
export function changedFiles(files: FunctionFile[], before: Definitions, after: Definitions): FunctionFile[] {
  const changed = new Set<string>();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(name) !== after.get(name)) changed.add(name.split(' ')[0] as string);
  }
  return files.filter((file) => changed.has(file.name));
}

/** Text of a migration that brings the given files into force. */
export function migrationText(files: FunctionFile[]): string {
  const parts = asOwners(
    files,
    ({ path, sql }) => `-- begin db/functions/${path}\n${sql.trimEnd()}\n-- end db/functions/${path}\n`,
  );
  return [
    '-- migrate:up',
    '-- Written by `npm run db:freeze`. Edit db/functions/, never this file.',
    ...parts,
    'reset role;',
    '',
    DOWN,
  ].join('\n');
}

/** Applies the files on top of a migrated database, reads both states, and leaves it as it was. */
export async function compare(
  client: pg.Client,
  files: FunctionFile[],
): Promise<{ before: Definitions; after: Definitions }> {
  const before = await readDefinitions(client);
  await client.query('begin');
  try {
    for (const statement of applyStatements(files)) await client.query(statement);
    return { before, after: await readDefinitions(client) };
  } finally {
    await client.query('rollback');
  }
}

/** Nothing has been released: the functions stand in one migration, which is written anew. */
const FUNCTIONS_MIGRATION = 'db/migrations/20261128000700_functions.sql';

async function freeze(): Promise<void> {
  const files = await readFunctionFiles();
  await writeFile(new URL(`../${FUNCTIONS_MIGRATION}`, import.meta.url), migrationText(files));
  console.log(`${FUNCTIONS_MIGRATION}: ${files.length} functions and views`);
}

if (import.meta.main) await freeze();
