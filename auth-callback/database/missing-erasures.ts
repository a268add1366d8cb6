import type { Pool } from 'pg';
import type { AskMissing } from '../../runtime/erasure-ledger.ts';

/** Asks which erasures of the ledger the database lacks. */
export function missingErasures(pool: Pool): AskMissing {
  return async (ids, organizations) => {
    const text = 'select unnest(login.missing_erasures($1::uuid[], $2::text[])) as id';
    return (await pool.query<{ id: string }>(text, [ids, organizations])).rows.map(({ id }) => id);
  };
}
