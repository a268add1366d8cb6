import type { Pool, QueryResultRow } from 'pg';
import { Failure } from '../failure.ts';

/** Calls one door. @throws Failure `database_failed`, with the database's own error as its cause */
export type Call = <Row>(text: string, values?: unknown[]) => Promise<Row[]>;

/**
 * Calls doors with bound parameters; values never become part of the SQL text.
 *
 * @param prepared names of the statements that stay prepared on each connection; none behind a pooler that does not keep sessions
 */
export function createCall(pool: Pool, prepared: ReadonlyMap<string, string>): Call {
  return async <Row>(text: string, values: unknown[] = []) => {
    const name = prepared.get(text);
    try {
      return (await pool.query<Row & QueryResultRow>({ text, values, ...(name !== undefined && { name }) })).rows;
    } catch (error) {
      throw new Failure('database_failed', { cause: error });
    }
  };
}
