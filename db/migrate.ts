/**
 * `npm run migrate`: brings any PostgreSQL 15 to 18, or a Supabase database, up to date. Safe to run again, at any moment,
 * also after it was killed half-way: each step is either idempotent or one transaction of its own.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { consoleOutput, runCommand } from '../runtime/command-line.ts';
import { ConfigurationError, readEnvironment } from '../runtime/environment.ts';
import { keepsSession } from '../runtime/session-mode.ts';
import { applyMigrations } from './dbmate.ts';
import { createPatience, LOCK_TIMEOUT } from './lock-patience.ts';
import { MIGRATIONS_FOLDER } from './migration-files.ts';
import { describePlan, hasWork, planMigrations } from './plan.ts';
import { appliedVersions, putRight, returnToOwners } from './put-right.ts';

export type MigrateOptions = {
  /** Connection string of the role that migrates: a superuser, or one with CREATEROLE that may create schemas. */
  databaseUrl: string;
  /** Where the migrations are; `db/migrations` unless a tool tries others. */
  migrationsFolder?: string;
  /** Receives progress, a line at a time. */
  log?: (line: string) => void;
  /** How long one step is tried while somebody holds what it needs. */
  patienceMs?: number;
};

/** One lock for everybody who migrates this database; dbmate itself has none. */
const MIGRATION_LOCK = 7_012_026;

/** As in every function of ours: where PUBLIC may create in `public`, functions there would be called in place of PostgreSQL's. */
const SEARCH_PATH = 'pg_catalog, pg_temp';

/** Between migrations nobody can act as the audit's owner without first making himself one. What a superuser has granted stays. */
const LEAVE_THE_AUDIT = `do $$ begin
  if exists (
    select from pg_auth_members as m where m.roleid = 'audit_owner'::regrole and m.member = current_user::regrole and not m.admin_option
  ) then
    revoke audit_owner from current_user;
  end if;
end $$`;

const here = (path: string) => join(import.meta.dirname, path);

/**
 * Creates what is missing: roles, the job queue's schema, then our own migrations.
 *
 * @throws Error with dbmate's or PostgreSQL's own message when a step fails; what was done before stays done.
 */
export async function migrate({
  databaseUrl,
  migrationsFolder = MIGRATIONS_FOLDER,
  log = () => undefined,
  patienceMs = 300_000,
}: MigrateOptions): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'migrate' });
  await client.connect();
  try {
    await refuseTransactionMode(client, databaseUrl);
    client.on('notice', ({ severity, message }) => severity === 'WARNING' && message && log(message));
    await client.query(`select set_config('search_path', $1, false)`, [SEARCH_PATH]);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    // Whoever migrates already is waited for as long as it takes; everybody else is not kept waiting.
    await client.query(`set lock_timeout = '${LOCK_TIMEOUT}'`);
    await using patience = await createPatience(databaseUrl, patienceMs, log);
    const step = async (what: string, action: () => Promise<unknown>) => {
      log(what);
      await patience.run(what, action);
    };
    const run = async (file: string) => client.query(await readFile(here(file), 'utf8'));
    await step('roles', () => run('roles.sql'));
    const known = (await appliedVersions(client)).length > 0;
    await patience.run('owners', () => returnToOwners(client, migrationsFolder, log));
    await step('job queue (graphile-worker)', () => installQueue(client, databaseUrl, log));
    log('migrations (dbmate)');
    await applyMigrations({ client, databaseUrl, folder: migrationsFolder, searchPath: SEARCH_PATH, patience, log });
    if (known) await patience.run('privileges', () => putRight(client, migrationsFolder, log));
    await step('privileges on the database', () => run('database.sql'));
    await patience.run('watching structure', () => run('watch.sql'));
    // PostgREST goes on with the functions and views that it found when it started; without PostgREST nobody hears this.
    await client.query(`notify pgrst, 'reload schema'`);
  } finally {
    // Also after a fault, whose own error is the one that is told.
    await client.query(LEAVE_THE_AUDIT).catch((error: Error) => log(`still a member of audit_owner: ${error.message}`));
    await client.end();
  }
}

/** There neither the lock nor the owners that steps act as would last, and a stranger could be given a connection that acts as an owner. */
async function refuseTransactionMode(client: pg.Client, databaseUrl: string): Promise<void> {
  if (await keepsSession(client, databaseUrl)) return;
  throw new Error(
    'DATABASE_URL leads to a pooler in transaction mode, where no migration can run. ' +
      'Use the direct connection, or the pooler in session mode (on Supabase port 5432)',
  );
}

/** graphile-worker's tables belong to `queue_owner`: they have row security without policies, so only an owner can use them. */
async function installQueue(client: pg.Client, databaseUrl: string, log: (line: string) => void): Promise<void> {
  await client.query(`do $$ begin
    if to_regnamespace('graphile_worker') is null then
      create schema graphile_worker authorization queue_owner;
      comment on schema graphile_worker is 'The job queue. Owned and changed by graphile-worker only.';
    end if;
  end $$`);
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 1,
    // Not as a startup option: a pooler drops those without a word.
    onConnect: async (connection) => {
      await connection.query(
        `set role queue_owner; set search_path = ${SEARCH_PATH}; set lock_timeout = '${LOCK_TIMEOUT}'`,
      );
    },
  });
  pool.on('error', (error) => log(`a connection broke: ${error.message}`));
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  try {
    await createBookkeeping(pool);
    await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) });
    await pool.query(await readFile(here('queue.sql'), 'utf8'));
    // A pooler may hand the session on as it was left.
    await pool.query('reset role; reset search_path');
  } finally {
    await pool.end();
  }
}

/** Its installer asks for CREATE on the whole database; with its bookkeeping table in place it does not come to that. */
async function createBookkeeping(pool: pg.Pool): Promise<void> {
  await pool.query(`create table if not exists graphile_worker.migrations(
    id int primary key, ts timestamptz default now() not null, breaking boolean default false not null)`);
}

/** One line for whoever runs the command: what the network, PostgreSQL or dbmate said. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected error';
  const { code, detail } = error as { code?: string; detail?: string };
  // A name with several addresses fails once for each, and the error around them says nothing.
  const said = error.message || (error instanceof AggregateError && error.errors[0]?.message) || code || error.name;
  return [said, detail].filter(Boolean).join(' ').replace(/\s+/g, ' ');
}

const command = {
  name: 'migrate',
  synopsis: '[--plan]',
  about: `Brings the database of DATABASE_URL up to date, as the role that owns it. Safe to run again, also after it was killed half-way.
--plan   says which migrations would be applied and whether logins wait for them, and changes nothing. Ends with 3 where there is something to do.`,
  options: { plan: { type: 'boolean' } },
} as const;

async function run(plan: boolean): Promise<number> {
  try {
    const env = readEnvironment(process.env);
    const databaseUrl = env.databaseUrl('DATABASE_URL');
    env.finish();
    if (!plan) {
      await migrate({ databaseUrl, log: consoleOutput.say });
      return 0;
    }
    const planned = await planMigrations(databaseUrl);
    for (const line of describePlan(planned)) consoleOutput.say(line);
    return hasWork(planned) ? 3 : 0;
  } catch (error) {
    const code = error instanceof ConfigurationError ? `${error.code}: ` : '';
    consoleOutput.complain(`migrate: ${code}${describe(error)}`);
    return 1;
  }
}

if (import.meta.main) {
  process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, ({ values }) =>
    run(values.plan === true),
  );
}
