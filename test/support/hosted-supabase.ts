import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { PostgresVersion } from '../../local/postgres-binaries.ts';
import { clusterUrl, rolePassword } from './cluster.ts';
import { startCluster } from './own-cluster.ts';
import { databaseUrl, type Migrator, setMigrator } from './template.ts';

const WATCH = join(import.meta.dirname, '../../db/watch.sql');

/** A cluster like that of a project of hosted Supabase. */
export type HostedSupabase = Migrator & {
  /** Connection string of `supabase_admin`, the platform's superuser, which no project is given. */
  adminUrl: string;
  port: number;
  stop(): Promise<void>;
};

/** Roles of the platform, which nobody in a project may change. */
export const RESERVED_ROLES = [
  'supabase_admin',
  'supabase_auth_admin',
  'supabase_storage_admin',
  'supabase_realtime_admin',
  'supabase_replication_admin',
  'supabase_read_only_user',
  'dashboard_user',
  'pgbouncer',
  'authenticator',
  'anon',
  'authenticated',
  'service_role',
];

/**
 * Starts one: roles, memberships and time limits, the schema `extensions`, default privileges, and the triggers that tell PostgREST of changes, as
 * supabase/postgres has them (its migrations up to 20260923). What the platform's own library supautils adds cannot be had: here `postgres` may
 * neither create event triggers (`finish` makes them, and gives them to it) nor set `session_replication_role`, and on PostgreSQL 15 nothing keeps
 * it from changing reserved roles, so that a test compares them before and after.
 */
export async function startHostedSupabase(version: PostgresVersion): Promise<HostedSupabase> {
  const server = await startCluster(version);
  const password = rolePassword(clusterUrl(), 'postgres');
  try {
    await renameSuperuser(server.url);
    const adminUrl = Object.assign(new URL(server.url), { username: 'supabase_admin' }).href;
    for (const sql of [
      rolesSql(version, password),
      `alter system set statement_timeout = '2min'`,
      'select pg_reload_conf()',
    ]) {
      await run(adminUrl, sql);
    }
    const migratorUrl = (name: string) =>
      Object.assign(new URL(databaseUrl(adminUrl, name)), { username: 'postgres', password }).href;
    return {
      adminUrl,
      port: server.port,
      migratorUrl,
      async finish(name) {
        await run(adminUrl, 'alter role postgres superuser');
        await run(migratorUrl(name), await readFile(WATCH, 'utf8'));
        await run(adminUrl, 'alter role postgres nosuperuser');
      },
      stop: () => server.stop(),
      async createProject(name) {
        await run(adminUrl, `create database ${name} owner postgres`);
        await run(databaseUrl(adminUrl, name), PROJECT_SQL);
        return migratorUrl(name);
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * For a test file: its tests, and those of the files that it imports, get their databases from a cluster like hosted Supabase's, migrated by
 * `postgres`.
 */
export function onHostedSupabase(version: PostgresVersion): () => HostedSupabase {
  let hosted: HostedSupabase | undefined;
  const usual = clusterUrl();
  beforeAll(async () => {
    hosted = await startHostedSupabase(version);
    setMigrator(hosted.adminUrl, hosted);
    process.env.TEST_DATABASE_URL = hosted.adminUrl;
  });
  afterAll(async () => {
    process.env.TEST_DATABASE_URL = usual;
    await hosted?.stop();
  });
  return () => {
    if (hosted === undefined) throw new Error('the cluster has not been started');
    return hosted;
  };
}

/** The superuser of a new cluster cannot be made an ordinary role, so it gives up its name. */
async function renameSuperuser(url: string): Promise<void> {
  const { password } = new URL(url);
  await run(url, `create role renaming login superuser password '${password}'`);
  const renaming = Object.assign(new URL(url), { username: 'renaming' }).href;
  await run(renaming, 'alter role postgres rename to supabase_admin');
  await run(Object.assign(new URL(url), { username: 'supabase_admin' }).href, 'drop role renaming');
}

const rolesSql = (version: PostgresVersion, password: string) => `
  create role postgres login nosuperuser createdb createrole replication bypassrls password '${password}';
  create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls;
  create role authenticator login noinherit;
  grant anon, authenticated, service_role to authenticator;
  grant anon, authenticated, service_role to postgres${version >= 16 ? ' with admin option' : ''};
  grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
  create role supabase_privileged_role nologin; grant supabase_privileged_role to postgres;
  create role supabase_auth_admin login noinherit createrole; create role supabase_storage_admin login noinherit createrole;
  create role supabase_realtime_admin nologin noinherit; create role supabase_replication_admin login replication;
  create role supabase_read_only_user login bypassrls; grant pg_read_all_data to supabase_read_only_user;
  create role dashboard_user nologin createdb createrole replication; create role pgbouncer login;
  alter role anon set statement_timeout = '3s';
  alter role authenticated set statement_timeout = '8s';
  alter role authenticator set statement_timeout = '8s'; alter role authenticator set lock_timeout = '8s';
  alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';
  alter role postgres set search_path = "$user", public, extensions`;

const TELLS_POSTGREST = `$$ begin notify pgrst, 'reload schema'; end $$`;

const PROJECT_SQL = `
  create schema extensions; grant all on schema extensions to postgres;
  grant usage on schema extensions to anon, authenticated, service_role;
  create extension "uuid-ossp" with schema extensions; create extension pgcrypto with schema extensions;
  grant usage on schema public to postgres, anon, authenticated, service_role;
  ${['postgres', 'supabase_admin']
    .flatMap((owner) =>
      ['tables', 'functions', 'sequences'].map(
        (kind) =>
          `alter default privileges for role ${owner} in schema public grant all on ${kind} to postgres, anon, authenticated, service_role;`,
      ),
    )
    .join('\n')}
  create publication supabase_realtime;
  create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as ${TELLS_POSTGREST};
  create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as ${TELLS_POSTGREST};
  create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
  create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch()`;

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
