/**
 * `npm run db:freeze`: writes the migration that brings `db/functions/` into force, with the drops it needs, in place of the one it
 * wrote before. What is released stays. It needs no database of yours: it builds one from the other migrations and throws it away.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../local/postgres.ts';
import { type FreezePlan, planFreeze } from './freeze/plan.ts';
import { asOwners, readFunctionFiles } from './function-files.ts';
import { migrate } from './migrate.ts';
import { readReleased } from './released.ts';

const FOLDER = join(import.meta.dirname, 'migrations');
const MARK = '-- Written by `npm run db:freeze`. Edit db/functions/, never this file.';

/** Text of a migration that carries out the plan. */
export function migrationText({ drops, files }: FreezePlan): string {
  return [
    '-- migrate:up',
    MARK,
    ...asOwners(drops, ({ statement }) => statement),
    ...asOwners(
      files,
      ({ path, sql }) => `-- begin db/functions/${path}\n${sql.trimEnd()}\n-- end db/functions/${path}\n`,
    ),
    'reset role;',
    '',
    '-- migrate:down',
    "do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;",
    '',
  ].join('\n');
}

/** The function migration that is not released yet, which is written anew; a fresh name where there is none. */
function ownMigration(): string {
  const released = readReleased(FOLDER);
  const own = globSync('*.sql', { cwd: FOLDER }).filter(
    (file) => !released.has(file) && readFileSync(join(FOLDER, file), 'utf8').includes(MARK),
  );
  if (own.length > 1)
    throw new Error(`${own.join(' and ')} are both unreleased: delete all but the earliest and freeze again`);
  return own[0] ?? `${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_functions.sql`;
}

async function freeze(): Promise<void> {
  const own = ownMigration();
  const folder = await mkdtemp(join(tmpdir(), 'freeze-'));
  const others = join(folder, 'migrations');
  mkdirSync(others);
  for (const file of globSync('*.sql', { cwd: FOLDER }))
    if (file < own) copyFileSync(join(FOLDER, file), join(others, file));
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    password: randomUUID(),
    throwaway: folder,
  });
  try {
    await migrate({ databaseUrl: server.url, migrationsFolder: others });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    // Ended also when a file does not apply: otherwise the server's farewell hides the reason.
    const plan = await readFunctionFiles()
      .then((files) => planFreeze(client, files))
      .finally(() => client.end());
    await write(own, plan);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(own: string, plan: FreezePlan): Promise<void> {
  const path = join(FOLDER, own);
  if (plan.files.length + plan.drops.length === 0) {
    await rm(path, { force: true });
    return console.log('db/functions/ and the released migrations agree; nothing to freeze.');
  }
  await writeFile(path, migrationText(plan));
  console.log(`db/migrations/${own}: ${plan.drops.length} dropped, ${plan.files.length} created or replaced`);
}

if (import.meta.main) await freeze();
