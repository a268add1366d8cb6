import pg from 'pg';
import { ImportError, type ImportErrorCode } from '../runtime/csv/errors.ts';

type Told = { code: ImportErrorCode; message: string };

const wrongUser: Told = {
  code: 'database_refused',
  message: 'the database does not accept the user or the password in DATABASE_URL',
};
const notMigrated: Told = {
  code: 'database_refused',
  message: 'the database lacks what an import needs; npm run migrate brings it up to date',
};

/** What starting the same command again does not mend. */
const refusals: Record<string, Told> = {
  '28P01': wrongUser,
  '28000': wrongUser,
  '3D000': { code: 'database_refused', message: 'there is no database of the name in DATABASE_URL' },
  '42501': {
    code: 'database_refused',
    message: 'the user in DATABASE_URL may not import; it must be the role member_importer',
  },
  '3F000': notMigrated,
  '42883': notMigrated,
  PN005: { code: 'organization_unknown', message: 'there is no such organisation' },
  PN006: {
    code: 'import_superseded',
    message: 'this import is over: another start, of the same file or another one, has finished it or taken its place',
  },
  PN007: { code: 'rows_refused', message: 'the database does not accept the rows' },
};

/** Connections, transactions that met, resources, objects in use, an operator's doing: these pass. */
const passing = /^(08|40|53|55|57)/;
const goOn = 'start the same command again to go on';

/** The SQLSTATE of an error; undefined where it did not come from the database, but from the way there. */
export function sqlStateOf(cause: unknown): string | undefined {
  return cause instanceof pg.DatabaseError ? cause.code : undefined;
}

/**
 * Tells a person what is wrong with the database, and whether it helps to start again.
 *
 * @param cause what `pg` threw
 * @param when `connecting`: nothing has been begun yet
 */
export function explainFailure(cause: unknown, when: 'connecting' | 'importing'): ImportError {
  const state = sqlStateOf(cause);
  const { code, message } = state === undefined ? lost(cause, when) : (refusals[state] ?? failed(state));
  return new ImportError(code, message, { cause });
}

function lost(cause: unknown, when: 'connecting' | 'importing'): Told {
  // What `pg` says of a password that is needed and not there; it has no code.
  if (cause instanceof Error && cause.message.startsWith('SASL')) return wrongUser;
  const reason = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  const message =
    when === 'connecting'
      ? `the database cannot be reached${reason}`
      : `the connection to the database was lost${reason}; ${goOn}`;
  return { code: 'database_failed', message };
}

function failed(state: string): Told {
  const next = passing.test(state) ? goOn : 'its log says why';
  return { code: 'database_failed', message: `the database failed (${state}); ${next}` };
}
