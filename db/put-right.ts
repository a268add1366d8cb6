/**
 * What `npm run migrate` does for a database that was restored: a dump brings no roles, and what named a role that was not there
 * (owners, grants, policies) is lost without the restore failing.
 */
import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { OUR_SCHEMAS, readObjects } from './catalog.ts';
import { type MigrationFile, readMigrations } from './migration-files.ts';

/** Roles whose privileges are ours to say; what somebody else was given is told and left. */
const OURS =
  /(?:to|from) (?:public|registry_owner|audit_owner|queue_owner|billing_owner|auth_callback|sync_worker|member_importer|auditor|anon|authenticated|service_role)$/;

type Line = { makes: string; undoes: string | null };
type State = { lines: Map<string, string | null>; definitions: Map<string, string> };

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');

/** Versions that this database has, oldest first; none where it is new. */
export async function appliedVersions(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query(`select to_regclass('migrations.schema_migrations') is not null as known`);
  if (!rows[0].known) return [];
  const found = await client.query<{ version: string }>('select version from migrations.schema_migrations order by 1');
  return found.rows.map(({ version }) => version);
}

/**
 * Gives our objects back to their owners. Before anything else: migrations run in the owners' names.
 *
 * @param folder where the migrations are
 * @throws Error that says what to do, where this role may not, or where the backup is older than this version
 */
export async function returnToOwners(
  client: pg.ClientBase,
  folder: string,
  log: (line: string) => void,
): Promise<void> {
  const { rows } = await client.query<{ statement: string; has: string }>(await read('./owners.sql'), [
    [...OUR_SCHEMAS, 'graphile_worker'],
  ]);
  if (rows.length === 0) return;
  const applied = new Set(await appliedVersions(client));
  const missing = (await readMigrations(folder)).filter(({ version }) => !applied.has(version));
  if (missing.length > 0) {
    throw new Error(
      `This database was restored without its roles, and from an older version (without ${missing.map(({ file }) => file).join(', ')}). ` +
        'First run npm run migrate of the version that it was backed up with.',
    );
  }
  const holders = [...new Set(rows.map(({ has }) => has))].join(', ');
  await client.query('begin');
  for (const { statement } of rows) {
    await client.query(statement).catch(async (error: Error) => {
      await client.query('rollback');
      throw new Error(
        `Objects of ours belong to ${holders}, as after a restore without roles, and this role may not change that ` +
          `(${error.message}). Run npm run migrate once as a superuser, or as ${holders}.`,
        { cause: error },
      );
    });
  }
  await client.query('commit');
  log(`${rows.length} objects belonged to ${holders} and belong to their owners again`);
}

/** The state that the migrations make, tried out beside the real schemas and rolled back: nobody sees or waits for any of it. */
async function rehearse(client: pg.ClientBase, folder: string): Promise<State> {
  await client.query('begin');
  try {
    for (const schema of OUR_SCHEMAS) await client.query(`alter schema ${schema} rename to kept_${schema}`);
    for (const file of await readMigrations(folder)) await client.query(asTransaction(file));
    return await readState(client);
  } finally {
    await client.query('rollback');
  }
}

/** What a migration that is no transaction leaves behind where there are no rows. */
function asTransaction({ up, inTransaction }: MigrationFile): string {
  if (inTransaction) return up;
  return /^do\b/im.test(up) ? '' : up.replace(/^((?:create (?:unique )?|drop )index) concurrently\b/im, '$1');
}

async function readState(client: pg.ClientBase): Promise<State> {
  const { rows } = await client.query<Line>(await read('./state.sql'), [OUR_SCHEMAS]);
  const objects = await readObjects(client);
  return {
    lines: new Map(rows.map(({ makes, undoes }) => [makes, undoes])),
    // Grants are lines of their own, whose order does not matter.
    definitions: new Map(
      objects.map(({ kind, identity, definition }) => [
        `${kind} ${identity}`,
        definition.replace(/^(grants|owner) .*$/gm, ''),
      ]),
    ),
  };
}

/**
 * Makes grants, policies, row security, triggers and default privileges what the migrations say, and says each thing that it changed.
 *
 * @param folder where the migrations are
 * @throws Error with what only a complete restore, or a person, can bring back
 */
export async function putRight(client: pg.ClientBase, folder: string, log: (line: string) => void): Promise<void> {
  const expected = await rehearse(client, folder);
  const found = await readState(client);
  refuseIncomplete(missingOf(expected, found).filter((makes) => makes.startsWith('--')));
  const extra = [...found.lines].filter(([makes]) => !expected.lines.has(makes) && !makes.startsWith('--'));
  const undoing = extra.flatMap(([makes, undoes]) =>
    undoes !== null && (OURS.test(makes) || makes.startsWith('create')) ? [undoes] : [],
  );
  for (const [makes, undoes] of extra)
    if (undoes !== null && !undoing.includes(undoes)) log(`not ours, left: ${makes}`);
  await carryOut(client, [...undoing, ...missingOf(expected, found)], log);
  // Looked at again: what is taken from a whole table is taken from its columns too.
  await carryOut(client, missingOf(expected, await readState(client)), log);
  const after = await readState(client);
  refuseIncomplete([
    ...missingOf(expected, after),
    ...[...expected.definitions].flatMap(([name, text]) =>
      after.definitions.get(name) === text ? [] : [`definition of ${name}`],
    ),
  ]);
}

function missingOf(expected: State, found: State): string[] {
  return [...expected.lines.keys()].filter((makes) => !found.lines.has(makes));
}

async function carryOut(client: pg.ClientBase, statements: string[], log: (line: string) => void): Promise<void> {
  for (const statement of statements) {
    await client.query(statement).catch((cause: Error) => {
      throw new Error(`${cause.message}; this is missing: ${statement};`, { cause });
    });
    log(`put right: ${statement}`);
  }
}

/** What no statement of ours brings back. */
function refuseIncomplete(lost: string[]): void {
  if (lost.length === 0) return;
  const some = lost.slice(0, 10).map((name) => name.replace(/^-- /, ''));
  const more = lost.length > some.length ? `; and ${lost.length - some.length} more` : '';
  throw new Error(
    `This database is not what its migrations make. Missing or different: ${some.join('; ')}${more}. ` +
      'Restore the backup again and read what the restore said, or put it back by hand (docs/backup-and-restore.md).',
  );
}
