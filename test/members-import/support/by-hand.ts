import type pg from 'pg';
import type { TestDatabase } from '../../support/database.ts';
import type { Organization } from '../../support/samples.ts';

/** Numbers that nobody can open, told apart by `n`: for imports in which only equality counts. */
export const numberOf = (n: number) => ({
  personnummer_index: `v1.n${n}`,
  personnummer_sealed: 'sealed',
  personnummer_masked: `${String(10_100 + n).padStart(6, '0')}*****`,
});

export type HandRow = { line: number; external_id: string; n: number | null };

/** A member whose number came from an import, or from a login. */
export async function addHolder(
  db: TestDatabase,
  organization: Organization,
  externalId: string,
  n: number | null,
  source = 'import',
) {
  const forms = n === null ? [null, null, null] : Object.values(numberOf(n));
  await db.pool.query(
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked,
       personnummer_source, personnummer_at)
     values ($1, $2, $3, $4, $5, $6::registry.source, case when $6::text is not null then now() end)`,
    [organization.id, externalId, ...forms, n === null ? null : source],
  );
}

/** The callbacks of an import, called as the program calls them, without files and keys. */
export function importByHand(db: TestDatabase, organization: Organization) {
  const start = async (file: string, dryRun = false): Promise<{ run_id: string; records_done: number }> => {
    const started = await db.pool.query(`select * from import.start_run($1, $2, '{personnummer}', $3)`, [
      organization.slug,
      file.padEnd(64, '0'),
      dryRun,
    ]);
    const run = started.rows[0];
    await db.pool.query(`select from import.accept_file($1, '{}', true, false)`, [run.run_id]);
    return run;
  };
  const load = async (runId: string, from: number, rows: HandRow[], client: Pick<pg.Pool, 'query'> = db.pool) => {
    const json = rows.map(({ n, ...row }) => (n === null ? row : { ...row, ...numberOf(n) }));
    const parameters = [runId, from, rows.length, JSON.stringify(json)];
    await client.query(`select * from import.load_rows($1, $2, $3, $4, '[]')`, parameters);
  };
  const finish = async (runId: string) => (await db.pool.query('select * from import.finish_run($1)', [runId])).rows[0];
  return { start, load, finish };
}
