import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { prepareLoginRoles } from '../../local/login-roles.ts';
import { rolePassword } from './cluster.ts';

const DB_FOLDER = join(import.meta.dirname, '..', '..', 'db');

/** How databases of a cluster come about in which it is not the superuser who migrates. */
export type Migrator = {
  /** Makes an empty database. @returns the connection string of whoever migrates it */
  createProject(name: string): Promise<string>;
  /** The same of a database that is there. */
  migratorUrl(name: string): string;
  /** What the platform adds to a migrated one. */
  finish(name: string): Promise<void>;
};
const migrators = new Map<string, Migrator>();

/** From now on databases of this cluster are made, and migrated, in another way. */
export function setMigrator(cluster: string, migrator: Migrator): void {
  migrators.set(cluster, migrator);
}

/** Connection string of whoever migrates a database. */
export function migratorUrl(cluster: string, name: string): string {
  return migrators.get(cluster)?.migratorUrl(name) ?? databaseUrl(cluster, name);
}

/**
 * Makes the migrated database that test databases are copied from, once per cluster and state of `db/`; processes that
 * come at the same time wait for the first.
 *
 * @returns its name
 */
export async function ensureTemplate(cluster: string): Promise<string> {
  const client = new pg.Client({ connectionString: cluster });
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(hashtext('personnummer-sync test template'))`);
    const migrated = await ensure(client, `template_${stateOfMigrations().slice(0, 12)}`, async (name) => {
      const migrator = migrators.get(cluster);
      if (migrator === undefined) await client.query(`create database ${name}`);
      else await migrator.createProject(name);
      await migrate({ databaseUrl: migratorUrl(cluster, name) });
      await migrator?.finish(name);
      await prepareLoginRoles(client, (role) => rolePassword(cluster, role));
    });
    const mutation = mutationSql();
    if (mutation === '') return migrated;
    const digest = createHash('sha256').update(mutation).digest('hex');
    return await ensure(client, `test_${digest.slice(0, 16)}`, async (name) => {
      await copyDatabase(client, migrated, name);
      await applyMutation(databaseUrl(cluster, name), mutation);
    });
  } finally {
    await client.end();
  }
}

async function ensure(client: pg.Client, name: string, make: (name: string) => Promise<void>): Promise<string> {
  const { rows } = await client.query('select datistemplate from pg_database where datname = $1', [name]);
  if (rows[0]?.datistemplate) return name;
  await client.query(`drop database if exists ${name}`);
  await make(name);
  await client.query(`alter database ${name} is_template true`);
  return name;
}

/** A copy of the files, not of every page through the log: half the work, and the cluster need not survive a crash. */
export async function copyDatabase(client: pg.Client | pg.Pool, template: string, name: string) {
  // A copy takes over everything but its owner, and the privileges on the database itself, which migrations may have narrowed.
  const { rows } = await client.query<{ owner: string; narrowed: boolean; grants: string[] }>(
    `select d.datdba::regrole::text as owner, d.datacl is not null as narrowed,
       array(select format('grant %s on database %I to %s', a.privilege_type, $2::text,
                      case when a.grantee = 0 then 'public' else a.grantee::regrole::text end)
               from aclexplode(d.datacl) a where a.grantee <> d.datdba) as grants
       from pg_database d where d.datname = $1`,
    [template, name],
  );
  const found = rows[0];
  if (found === undefined) throw new Error(`there is no database ${template} to copy`);
  await client.query(`create database ${name} owner ${found.owner} template ${template} strategy file_copy`);
  if (found.narrowed) await client.query([`revoke all on database ${name} from public`, ...found.grants].join(';'));
}

/** Puts the small mistake of `npm run mutate` into the database, where that one runs the tests. */
async function applyMutation(url: string, mutation: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(mutation);
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
  return hash.digest('hex');
}
