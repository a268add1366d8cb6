import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import type { LoginRole } from '../../local/login-roles.ts';
import { noteCalls } from '../mutate/coverage.ts';
import { clusterUrl, rolePassword } from './cluster.ts';
import { databaseUrl, ensureTemplate } from './template.ts';

export type TestDatabase = {
  name: string;
  /** Superuser, who also ran the migrations. */
  ownerUrl: string;
  /** The connection string of a login role. */
  urlFor(role: LoginRole): string;
  /** The superuser's connections. Does not keep the process alive. */
  pool: pg.Pool;
  /** Ends the pool. The database itself stays until the end of the run, so that the last tests can search all of them. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * A fresh, migrated database of its own for a test: `await using db = await createTestDatabase()`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const cluster = clusterUrl();
  const template = await ensureTemplate(cluster);
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onCluster(cluster, (client) => copyDatabase(client, template, name));
  const ownerUrl = databaseUrl(cluster, name);
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 5, allowExitOnIdle: true });
  return {
    name,
    ownerUrl,
    urlFor(role) {
      const url = new URL(ownerUrl);
      url.username = role;
      url.password = rolePassword(cluster, role);
      return url.href;
    },
    pool,
    async [Symbol.asyncDispose]() {
      await noteCalls(pool, relative(process.cwd(), expect.getState().testPath ?? ''));
      await pool.end();
    },
  };
}

async function copyDatabase(client: pg.Client, template: string, name: string) {
  await client.query(`create database ${name} template ${template}`);
  // A copy takes over everything but the privileges on the database itself, which migrations may have narrowed.
  const { rows } = await client.query<{ statement: string }>(
    `select format('grant %s on database %I to %s', a.privilege_type, $2::text,
                   case when a.grantee = 0 then 'public' else a.grantee::regrole::text end) as statement
       from pg_database d, aclexplode(d.datacl) a
      where d.datname = $1 and a.grantee <> d.datdba`,
    [template, name],
  );
  const { rowCount } = await client.query('select from pg_database where datname = $1 and datacl is not null', [
    template,
  ]);
  if (rowCount === 0) return;
  await client.query([`revoke all on database ${name} from public`, ...rows.map((row) => row.statement)].join(';'));
}

async function onCluster<T>(cluster: string, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}
