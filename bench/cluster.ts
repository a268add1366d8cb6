import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../db/migrate.ts';
import { LOGIN_ROLES, type LoginRole, prepareLoginRoles } from '../local/login-roles.ts';
import { startPostgres } from '../local/postgres.ts';

export type BenchCluster = {
  /** Superuser's connection string to the migrated database. */
  url: string;
  urls: Record<LoginRole, string>;
  /** A superuser's few connections, for preparing and looking. */
  pool: pg.Pool;
  /** Process id of the server. */
  pid: number;
  folder: string;
  settings: Record<string, string>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** As on a small server of its own: every commit reaches the disk before it is answered. */
const SETTINGS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '2GB',
  effective_cache_size: '6GB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  max_connections: '200',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'top',
};

/** A cluster of its own, migrated, durable unless the settings say otherwise, and gone afterwards. */
export async function startBenchCluster(settings: Record<string, string> = {}): Promise<BenchCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'personnummer-sync-bench-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    password: randomBytes(18).toString('base64url'),
    throwaway: folder,
    settings: { ...SETTINGS, ...settings },
  });
  await migrate({ databaseUrl: server.url });
  const setup = new pg.Client({ connectionString: server.url.replace(/\/postgres$/, '/template1') });
  await setup.connect();
  // For rows that compare a large database with a small one, or leave work undone: the same, empty.
  for (const name of ['bench_small', 'bench_pushes', 'bench_trouble'])
    await setup.query(`create database ${name} template postgres`);
  await setup.end();
  const pool = new pg.Pool({ connectionString: server.url, max: 4 });
  await pool.query('create extension pg_stat_statements');
  const passwords = new Map(LOGIN_ROLES.map((role) => [role, randomBytes(18).toString('base64url')]));
  const client = await pool.connect();
  await prepareLoginRoles(client, (role) => passwords.get(role) ?? '');
  client.release();
  const urlOf = (role: LoginRole) => {
    const url = new URL(server.url);
    url.username = role;
    url.password = passwords.get(role) ?? '';
    return [role, url.href];
  };
  return {
    url: server.url,
    urls: Object.fromEntries(LOGIN_ROLES.map(urlOf)) as Record<LoginRole, string>,
    pool,
    pid: server.pid,
    folder,
    settings: { ...SETTINGS, ...settings },
    async [Symbol.asyncDispose]() {
      // The pool does not wait until its connections are closed; one may still hear that the server stops.
      pool.on('error', () => undefined);
      await pool.end();
      await server.stop();
    },
  };
}
