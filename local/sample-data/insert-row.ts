import { escapeIdentifier, type QueryResultRow } from 'pg';

/** A pool or a client. */
export type Queryable = {
  query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[] }>;
};

/**
 * Inserts one row. Objects become jsonb, arrays become arrays; columns that are undefined keep their defaults.
 *
 * @param table with its schema, e.g. `registry.members`
 * @returns the row as it is stored
 */
export async function insertRow<Row extends QueryResultRow>(
  db: Queryable,
  table: string,
  values: Readonly<Record<string, unknown>>,
): Promise<Row> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  const names = entries.map(([name]) => escapeIdentifier(name)).join(', ');
  const places = entries.map((_, at) => `$${at + 1}`).join(', ');
  const target = table.split('.').map(escapeIdentifier).join('.');
  const { rows } = await db.query<Row>(
    `insert into ${target} (${names}) values (${places}) returning *`,
    entries.map(([, value]) => value),
  );
  return rows[0] as Row;
}
