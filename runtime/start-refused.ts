import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import pg from 'pg';

export type StartRefusedCode =
  | 'database_login_refused'
  | 'database_unknown'
  | 'database_not_migrated'
  | 'database_role_unexpected'
  | 'checkpoint_file_unusable'
  | 'address_in_use'
  | 'address_not_ours';

/** A setting that cannot be judged by itself does not fit what is around the program. The message says which one, and what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  readonly code: StartRefusedCode;

  constructor(code: StartRefusedCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What PostgreSQL says while somebody connects, by SQLSTATE. */
const REFUSALS: Record<string, [StartRefusedCode, string]> = {
  '28P01': ['database_login_refused', 'DATABASE_URL: the database does not take this role with this password'],
  '28000': ['database_login_refused', 'DATABASE_URL: the database does not let this role in'],
  '42501': ['database_login_refused', 'DATABASE_URL: this role may not connect to this database'],
  '3D000': ['database_unknown', 'DATABASE_URL: there is no database of this name on that server'],
};

/** Something that asks the database as the program does. */
type Asking = {
  query<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[] }>;
};

/**
 * Asks the database once, before a program serves anybody, whether it is the right one and the program the right role. A database that cannot be
 * reached is no fault of the settings: programs wait for it.
 *
 * @param database connects as the program does
 * @param expected.role the program's, which its limits of time belong to
 * @param expected.schema what the program may call
 * @throws {StartRefused}
 */
export async function refuseWrongDatabase(database: Asking, expected: { role: string; schema: string }): Promise<void> {
  const { role, schema } = expected;
  const found = await look(database, schema);
  if (found === undefined) return;
  if (!found.migrated) {
    throw new StartRefused(
      'database_not_migrated',
      `DATABASE_URL: the database has no schema ${schema}; run npm run migrate, or name another database`,
    );
  }
  if (found.role !== role) {
    throw new StartRefused(
      'database_role_unexpected',
      `DATABASE_URL: this program logs in as ${role}, and not as ${found.role}`,
    );
  }
}

async function look(database: Asking, schema: string) {
  try {
    const { rows } = await database.query<{ role: string; migrated: boolean }>(
      'select current_user::text as role, to_regnamespace($1) is not null as migrated',
      [schema],
    );
    return rows[0];
  } catch (cause) {
    const state = cause instanceof pg.DatabaseError ? (cause.code ?? '') : '';
    // A password that is needed and not there is noticed by node-postgres itself, which has no code for it.
    const noPassword = cause instanceof Error && cause.message.startsWith('SASL');
    const [code, message] = REFUSALS[noPassword ? '28P01' : state] ?? [];
    if (code === undefined) return undefined;
    throw new StartRefused(code, message ?? '', { cause });
  }
}

/**
 * @param variable names the file
 * @param path which need not be there yet; its folder must
 * @throws {StartRefused}
 */
export async function refuseUnusableFile(variable: string, path: string): Promise<void> {
  const { R_OK, W_OK, X_OK } = constants;
  try {
    await access(dirname(path), W_OK | X_OK);
    await access(path, R_OK | W_OK).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  } catch (cause) {
    throw new StartRefused(
      'checkpoint_file_unusable',
      `${variable}: the file, or its folder, is not there or may not be written (${(cause as NodeJS.ErrnoException).code}); make the folder, and give it to the account of this program`,
      { cause },
    );
  }
}

/**
 * What a server that could not listen says, for people.
 *
 * @param port the variable that has the port
 */
export function explainListening(error: NodeJS.ErrnoException, port = 'PORT'): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartRefused('address_in_use', `${port}: another program listens there already; take another port`, {
        cause: error,
      });
    case 'EACCES':
      return new StartRefused(
        'address_in_use',
        `${port}: this account may not listen there; take a port from 1024 on`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartRefused(
        'address_not_ours',
        'HOST: this machine has no such address; 0.0.0.0 stands for all that it has',
        { cause: error },
      );
    default:
      return error;
  }
}
