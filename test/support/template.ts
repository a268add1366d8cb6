import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { prepareLoginRoles } from '../../local/login-roles.ts';
import { rolePassword } from './cluster.ts';

const DB_FOLDER = join(import.meta.dirname, '..', '..', 'db');

/**
 * Makes the migrated database that test databases are copied from, once per cluster and state of `db/`; processes that
 * come at the same time wait for the first.
 *
 * @returns its name
 */
export async function ensureTemplate(cluster: string): Promise<string> {
  const name = `template_${stateOfMigrations()}`;
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(hashtext('personnummer-sync test template'))`);
    const { rows } = await client.query('select datistemplate from pg_database where datname = $1', [name]);
    if (rows[0]?.datistemplate) return name;
    await client.query(`drop database if exists ${name}`);
    await client.query(`create database ${name}`);
    await migrate({ databaseUrl: databaseUrl(cluster, name) });
    await applyMutation(databaseUrl(cluster, name));
    await prepareLoginRoles(client, (role) => rolePassword(cluster, role));
    await client.query(`alter database ${name} is_template true`);
    return name;
  } finally {
    await client.end();
  }
}

/** Puts the small mistake of `npm run mutate` into the database, where that one runs the tests. */
async function applyMutation(url: string): Promise<void> {
  const mutation = mutationSql();
  if (mutation === '') return;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`set role registry_owner; ${mutation}`);
  } catch (error) {
    throw new Error('the mutation does not apply', { cause: error });
  } finally {
    await client.end();
  }
}

function mutationSql(): string {
  const file = process.env.TEST_MUTATION;
  return file ? readFileSync(file, 'utf8') : '';
}

/** The same cluster and user, another database. */
export function databaseUrl(cluster: string, database: string): string {
  const url = new URL(cluster);
  url.pathname = `/${database}`;
  return url.href;
}

function stateOfMigrations(): string {
  const hash = createHash('sha256');
  for (const file of globSync('{*.sql,migrations/*.sql}', { cwd: DB_FOLDER }).sort()) {
    hash.update(file).update(readFileSync(join(DB_FOLDER, file)));
  }
  return hash.update(mutationSql()).digest('hex').slice(0, 12);
}
