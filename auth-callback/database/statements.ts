import { hash } from 'node:crypto';
import type { Pool, QueryResultRow } from 'pg';

/** Runs one statement, on whichever connection is free. */
type Statements = (text: string, values: unknown[], timeoutMs: number) => Promise<QueryResultRow[]>;

/**
 * Statements that PostgreSQL parses and plans once per connection and not once per login.
 *
 * A pooler in transaction mode may send a prepared statement to a server connection that does not know it, or knows
 * another by its name (PgBouncer before 1.21, or with `max_prepared_statements = 0`). PostgreSQL refuses it before anything
 * of it is done, so it is done over without a name, and from then on none gets one. The worker needs a setting instead
 * (`GRAPHILE_PREPARED_STATEMENTS`), because graphile-worker, which uses the same connections, cannot do that.
 */
export function createStatements(pool: Pool): Statements {
  const names = new Map<string, string>();
  let prepares = true;

  /** Made of the text, so that two releases behind one pooler never mean different statements by one name. */
  function nameOf(text: string): string {
    const name = names.get(text) ?? `login_${hash('sha256', text, 'hex').slice(0, 32)}`;
    names.set(text, name);
    return name;
  }

  return async (text, values, timeoutMs) => {
    const query = { text, values, query_timeout: timeoutMs };
    if (!prepares) return (await pool.query(query)).rows;
    try {
      return (await pool.query({ ...query, name: nameOf(text) })).rows;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === unknownStatement || code === nameTaken) prepares = false;
      else if (code !== planOutdated) throw error;
      return (await pool.query(query)).rows;
    }
  };
}

const unknownStatement = '26000';
const nameTaken = '42P05';
/** A migration changed what a function returns while the connection was open: "cached plan must not change result type". */
const planOutdated = '0A000';

/**
 * For calls that change nothing when they are made twice: once more when the connection broke, because then nobody knows whether
 * the first one arrived.
 *
 * @throws what the call throws otherwise, or the second time
 */
export async function repeatOnce<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (isWorthRepeating(error)) return await call();
    throw error;
  }
}

/**
 * Whether an error of the database means that nobody knows what became of the statement, or that a new connection may
 * do better: connection failures (SQLSTATE class 08), server going down or coming up (57P01 to 57P03), a standby that
 * took over half-way (25006), serialization failure and deadlock (40001, 40P01), and the sockets' own.
 */
export function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (/^(08...|57P0[123]|25006|40001|40P01)$/.test(code)) return true;
  if (/^(ECONNRESET|ECONNREFUSED|EPIPE|ENOTCONN)$/.test(code)) return true;
  // pg and pg-pool give these no code.
  return /^Connection terminated|^Client has encountered a connection error/.test(error.message);
}
