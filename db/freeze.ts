/**
 * `npm run db:freeze -- <name>`: writes a migration with the full text of every file in `db/functions/` that differs from
 * what the migrations make. It needs no database of yours: it builds one from the migrations, compares, and throws it away.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../local/postgres.ts';
import { type Definitions, readDefinitions } from './catalog.ts';
import { applyStatements, type FunctionFile, readFunctionFiles } from './function-files.ts';
import { migrate } from './migrate.ts';

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
  const parts = files.map(
    ({ name, sql }) => `-- begin db/functions/${name}.sql\n${sql.trimEnd()}\n-- end db/functions/${name}.sql\n`,
  );
  return [
    '-- migrate:up',
    '-- Written by `npm run db:freeze`. Edit db/functions/, never this file.',
    'set local role registry_owner;',
    '',
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

async function freeze(name: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'freeze-'));
  const server = await startPostgres({
    ...{ dataFolder: join(folder, 'data'), logFile: join(folder, 'postgres.log') },
    ...{ password: randomUUID(), throwaway: folder },
  });
  try {
    await migrate({ databaseUrl: server.url });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const files = await readFunctionFiles();
    // Ended also when a file does not apply: otherwise the server's farewell hides the reason.
    const { before, after } = await compare(client, files).finally(() => client.end());
    const changed = changedFiles(files, before, after);
    if (changed.length === 0) return console.log('db/functions/ and db/migrations/ agree; nothing to freeze.');
    const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const path = `db/migrations/${stamp}_functions_${name}.sql`;
    await writeFile(new URL(`../${path}`, import.meta.url), migrationText(changed));
    console.log(`${path}: ${changed.map((file) => file.name).join(', ')}`);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const name = process.argv[2];
  if (name && /^[a-z][a-z0-9_]*$/.test(name)) await freeze(name);
  else {
    console.error('Usage: npm run db:freeze -- <name>   (lower-case letters, digits and _)');
    process.exitCode = 1;
  }
}
