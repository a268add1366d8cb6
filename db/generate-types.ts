/**
 * `npm run db:types`: writes `db/api-types.gen.ts`, the types of schema `api` for supabase-js. It needs no database of
 * yours: it builds one from the migrations, reads its catalogs, and throws it away.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../local/postgres.ts';
import { readApi } from './api-types/read-api.ts';
import { writeTypes } from './api-types/write-types.ts';
import { migrate } from './migrate.ts';

export const TYPES_FILE = new URL('./api-types.gen.ts', import.meta.url);

/** @param client of a migrated database; may read schema `private`. @returns what `db/api-types.gen.ts` should say */
export async function generateTypes(client: pg.ClientBase | pg.Pool): Promise<string> {
  return writeTypes(await readApi(client));
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'db-types-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    password: randomUUID(),
    throwaway: folder,
  });
  const client = new pg.Client({ connectionString: server.url });
  try {
    await migrate({ databaseUrl: server.url });
    await client.connect();
    await writeFile(TYPES_FILE, await generateTypes(client));
    console.log('db/api-types.gen.ts written');
  } finally {
    await client.end();
    await server.stop();
  }
}

if (import.meta.main) await main();
