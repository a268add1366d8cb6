import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../../local/postgres.ts';

export type TestCluster = {
  /** Superuser's connection string. */
  url: string;
  /** For the report: which of the three it is. */
  description: string;
  [Symbol.asyncDispose](): Promise<void>;
};

const IMAGE = 'postgres:17-alpine';

/** What the last tests read: every statement with its parameters, as a DBA who turns logging on would see them. */
const LOG_EVERYTHING = { log_statement: 'all', log_min_duration_statement: '-1', log_parameter_max_length: '-1' };

/** A database for each test, hundreds of them: autovacuum would start a worker in one after the other, ten a second. And thousands of sessions, each of which would load PL/pgSQL for itself. */
const SETTINGS = { ...LOG_EVERYTHING, autovacuum_naptime: '1h', shared_preload_libraries: 'plpgsql' };

/**
 * The database cluster for a test run: `DATABASE_URL` where it is set, else a container where a Docker engine answers,
 * else the embedded PostgreSQL. The latter two log every statement to `<artifacts>/postgres.log`.
 */
export async function chooseCluster(artifacts: string): Promise<TestCluster> {
  const logFile = join(artifacts, 'postgres.log');
  if (process.env.DATABASE_URL) return given(process.env.DATABASE_URL);
  if (await dockerAnswers()) {
    try {
      return await inContainer(logFile);
    } catch (error) {
      // An engine without a way to the image is as good as none, but whoever expected a container should know.
      console.error(`no container of ${IMAGE}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return embedded(logFile);
}

async function given(url: string): Promise<TestCluster> {
  return {
    url,
    description: 'DATABASE_URL',
    async [Symbol.asyncDispose]() {
      // `npm run mutate` counts calls in the databases when all is over, and runs hundreds of times on one template.
      if (process.env.TEST_COVERAGE) return;
      const ours = process.env.TEST_MUTATION ? '^test_[0-9a-f]{16}$' : '^(test_[0-9a-f]{16}|template_[0-9a-f]{12})$';
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query<{ datname: string }>('select datname from pg_database where datname ~ $1', [
        ours,
      ]);
      for (const { datname } of rows) {
        await client.query(`alter database ${datname} is_template false`);
        await client.query(`drop database ${datname} with (force)`);
      }
      await client.end();
    },
  };
}

async function inContainer(logFile: string): Promise<TestCluster> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const log = createWriteStream(logFile, { mode: 0o600 });
  const settings = Object.entries({ ...SETTINGS, max_connections: '200', fsync: 'off' });
  const container = await new PostgreSqlContainer(IMAGE)
    .withUsername('postgres')
    .withEnvironment({ LANG: 'C.UTF-8', POSTGRES_INITDB_ARGS: '--encoding=UTF8' })
    .withCommand(['postgres', ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])])
    .withLogConsumer((stream) => stream.pipe(log))
    .start();
  return {
    url: container.getConnectionUri(),
    description: `container of ${IMAGE}`,
    async [Symbol.asyncDispose]() {
      await container.stop();
      log.end();
      await finished(log);
    },
  };
}

async function embedded(logFile: string): Promise<TestCluster> {
  const folder = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-test-'));
  const server = await startPostgres({
    dataFolder: join(folder, 'data'),
    logFile,
    password: randomBytes(18).toString('base64url'),
    throwaway: folder,
    settings: SETTINGS,
  });
  return {
    url: server.url,
    description: 'embedded PostgreSQL',
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

async function dockerAnswers(): Promise<boolean> {
  try {
    await promisify(execFile)('docker', ['info'], { timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}
