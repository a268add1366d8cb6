import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { openConnection } from '../runtime/single-connection.ts';
import { carryOut } from './carry-out.ts';
import { compare, type Difference } from './compare.ts';
import { ConfigureError } from './errors.ts';
import type { ConfigurationFile } from './file-schema.ts';
import { organizationTable } from './tables.ts';

export type ConfigureOptions = {
  file: ConfigurationFile;
  /** Connects as the role that migrates. */
  databaseUrl: string;
  prune: boolean;
  /**
   * Sees what differs, before anything is changed.
   *
   * @returns whether it is to be changed
   */
  decide(differences: readonly Difference[]): Promise<boolean>;
};

/**
 * Makes the database what the file says, in one transaction. Nobody waits for a lock while a person reads: the differences are found
 * again before they are carried out, and have to be the same.
 *
 * @returns how many rows were changed; null where it was decided not to
 * @throws {ConfigureError} `changed_meanwhile`, `database_refused`, `database_failed`
 */
export async function configure({ file, databaseUrl, prune, decide }: ConfigureOptions): Promise<number | null> {
  return await withClient(databaseUrl, async (client) => {
    const shown = await inTransaction(client, 'read only', () => compare(client, file));
    if (!(await decide(shown))) return null;
    return await inTransaction(client, 'read write', async () => {
      await client.query(LOCK);
      const found = await compare(client, file);
      if (!isDeepStrictEqual(found, shown)) {
        throw new ConfigureError(
          'changed_meanwhile',
          'the database was changed while you decided; nothing was changed now: look again',
        );
      }
      const due = dueOf(found, prune);
      await carryOut(client, due);
      return due.length;
    });
  });
}

/** What callback and worker would find if the file were carried out: rows as `login.providers` and `sync.member_systems` have them. */
export type RehearsedRows = { providers: unknown[]; memberSystems: { organization: string; member_system: unknown }[] };

/**
 * Carries the file out and takes it back, in one transaction: so the database judges every row, and whoever tries them has them whole.
 *
 * @throws {ConfigureError} as `configure`
 */
export async function rehearse({ file, databaseUrl, prune }: Omit<ConfigureOptions, 'decide'>): Promise<RehearsedRows> {
  return await withClient(databaseUrl, (client) =>
    inTransaction(
      client,
      'read write',
      async () => {
        await client.query(LOCK);
        await carryOut(client, dueOf(await compare(client, file), prune));
        const slugs = [file.organizations.map(({ slug }) => slug)];
        const providers = await client.query<{ row: unknown }>(
          `select to_jsonb(p) as row from login.providers() as p where p.organization = any ($1) order by p.organization, p.provider`,
          slugs,
        );
        const memberSystems = await client.query<RehearsedRows['memberSystems'][number]>(
          `select g.slug as organization, to_jsonb(s) as member_system from registry.organizations as g
           join sync.member_systems as s on s.organization_id = g.id where g.slug = any ($1) order by g.slug`,
          slugs,
        );
        return { providers: providers.rows.map(({ row }) => row), memberSystems: memberSystems.rows };
      },
      'rollback',
    ),
  );
}

/** Nobody else configures meanwhile; logins go on. */
const LOCK = 'lock table registry.organizations in share row exclusive mode';

const dueOf = (found: readonly Difference[], prune: boolean) =>
  found.filter(({ kind, table }) => kind !== 'extra' || (prune && table !== organizationTable));

async function withClient<Result>(
  databaseUrl: string,
  action: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  try {
    await using client = await openConnection(databaseUrl, 'configure');
    await client.query(
      `select set_config('search_path', 'pg_catalog, pg_temp', false), set_config('timezone', 'UTC', false)`,
    );
    return await action(client);
  } catch (error) {
    throw explain(error);
  }
}

async function inTransaction<Result>(
  client: pg.Client,
  mode: string,
  action: () => Promise<Result>,
  end: 'commit' | 'rollback' = 'commit',
): Promise<Result> {
  await client.query(`begin isolation level repeatable read ${mode}`);
  try {
    await client.query('set local role registry_owner');
    const result = await action();
    await client.query(end);
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // the connection may be what failed
    throw error;
  }
}

function explain(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const { code = '', message, constraint, detail } = error;
  // Class 22 and 23: a value that does not fit, a constraint. Neither quotes more than what the file says.
  if (/^2[23]/.test(code)) {
    const rule =
      constraint === undefined ? message : `${message} (${constraint}${detail === undefined ? '' : `: ${detail}`})`;
    return new ConfigureError('database_refused', `${rule}; nothing was changed`, { cause: error });
  }
  return new ConfigureError('database_failed', `SQLSTATE ${code}: ${message}; nothing was changed`, { cause: error });
}
