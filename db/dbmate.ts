/** Runs dbmate, which knows which migrations a database has. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveBinary } from 'dbmate';
import type pg from 'pg';
import { LOCK_TIMEOUT, type Patience } from './lock-patience.ts';
import { type MigrationFile, readMigrations } from './migration-files.ts';
import { appliedVersions } from './put-right.ts';

export interface DbmateOptions {
  readonly client: pg.ClientBase;
  readonly databaseUrl: string;
  readonly folder: string;
  readonly searchPath: string;
  readonly patience: Patience;
  readonly log: (line: string) => void;
}

/**
 * Applies what is missing. @throws Error with dbmate's own message; what was applied before stays
 */
export async function applyMigrations(options: DbmateOptions): Promise<void> {
  const { client, folder, patience } = options;
  const applied = new Set(await appliedVersions(client));
  const missing = (await readMigrations(folder)).filter(({ version }) => !applied.has(version));
  // Also without any: dbmate makes its table, of which the rest of `npm run migrate` knows.
  for (const run of missing.length === 0 ? [[]] : runsOf(missing)) {
    const what = run.length === 1 ? (run[0] as MigrationFile).file : 'migrations';
    await patience.run(what, async () => {
      for (const file of run) if (!file.inTransaction) await dropHalfMade(file, client);
      await runDbmate(run, options);
    });
  }
}

/** Those that are no transaction go alone: they wait for others without keeping anybody waiting. */
function runsOf(files: readonly MigrationFile[]): MigrationFile[][] {
  const runs: MigrationFile[][] = [];
  for (const file of files) {
    const last = runs.at(-1);
    if (last?.[0]?.inTransaction && file.inTransaction) last.push(file);
    else runs.push([file]);
  }
  return runs;
}

/** A `create index concurrently` that was interrupted leaves an index that nothing uses and that `if not exists` takes for a whole one. */
async function dropHalfMade({ up }: MigrationFile, client: pg.ClientBase): Promise<void> {
  const [, name, schema] = /^create (?:unique )?index concurrently if not exists (\w+)\s+on (\w+)\./m.exec(up) ?? [];
  if (name === undefined || schema === undefined) return;
  const { rows } = await client.query<{ index: string }>(
    `select i.indexrelid::regclass::text as index from pg_index as i join pg_class as c on c.oid = i.indexrelid
     where not i.indisvalid and c.relname = $1 and c.relnamespace = to_regnamespace($2)`,
    [name, schema],
  );
  for (const { index } of rows) await client.query(`drop index concurrently ${index}`);
}

async function runDbmate(
  files: readonly MigrationFile[],
  { databaseUrl, folder, searchPath, log }: DbmateOptions,
): Promise<void> {
  const url = new URL(databaseUrl);
  // node-postgres connects without TLS unless asked to; dbmate's driver assumes TLS unless told otherwise.
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable');
  url.searchParams.set('search_path', searchPath);
  const copies = await mkdtemp(join(tmpdir(), 'migrations-'));
  try {
    for (const { file, inTransaction } of files) {
      const text = await readFile(join(folder, file), 'utf8');
      // In the text and not at the connection: a pooler drops what is set there without a word.
      const limited = text.replace('-- migrate:up\n', `-- migrate:up\nset local lock_timeout = '${LOCK_TIMEOUT}';\n`);
      await writeFile(join(copies, file), inTransaction ? limited : text);
    }
    const flags = ['--migrations-table', 'migrations.schema_migrations', '--no-dump-schema', '--env-file', '/dev/null'];
    const run = promisify(execFile)(resolveBinary(), ['--migrations-dir', copies, ...flags, 'migrate', '--strict'], {
      env: { ...process.env, DATABASE_URL: url.href },
    });
    const { stdout } = await run.catch((error: { stderr?: string }) => {
      throw new Error(`dbmate: ${error.stderr?.trim() ?? 'could not be run'}`, { cause: error });
    });
    for (const line of stdout.split('\n')) if (line) log(line);
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
}
