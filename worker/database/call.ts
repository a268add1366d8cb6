import type { Pool } from 'pg';
import { z } from 'zod';
import { Failure } from '../failure.ts';

export interface CallOptions {
  /** A name under which the statement stays prepared on each connection; but not behind a pooler that does not keep sessions. */
  readonly prepareAs?: string;
  /** Where the call may take longer than others, which have got stuck after seconds. In milliseconds. */
  readonly timeoutMs?: number;
}

/** Throws the Failure `database_failed` or `database_row_unexpected`. */
export type Call = <Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  values?: unknown[],
  options?: CallOptions,
) => Promise<z.infer<Schema>[]>;

/** Calls with bound parameters; values never become part of the SQL text. */
export function createCall(pool: Pool, preparedStatements = false): Call {
  return async (schema, text, values = [], { prepareAs, timeoutMs } = {}) => {
    const { rows } = await pool
      .query({
        text,
        values,
        ...(preparedStatements && prepareAs !== undefined ? { name: prepareAs } : {}),
        ...(timeoutMs === undefined ? {} : { query_timeout: timeoutMs }),
      })
      .catch((cause: unknown) => {
        throw new Failure('database_failed', { cause });
      });
    const read = z.array(schema).safeParse(rows);
    if (!read.success) throw new Failure('database_row_unexpected', { cause: read.error });
    return read.data;
  };
}
