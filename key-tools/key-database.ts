import pg from 'pg';

/** Where rows need a key. */
export type Need = { place: string; rows: string };

/** What the database says of keys, as the role that migrates. */
export type KeyDatabase = {
  /** Which keys are in use, and where. */
  inUse(kind: 'index' | 'sealed'): Promise<(Need & { key: string })[]>;
  /** @returns where rows still need the key; none: it may go */
  neededFor(kind: 'index' | 'sealed', key: string): Promise<Need[]>;
  /** Begins to make every stored number anew, in the workers. */
  beginRenewal(indexVersion: string | null, sealingKid: string | null): Promise<void>;
  /** Whether that work is queued or running. */
  isRenewing(): Promise<boolean>;
  /** The newest checkpoint of the audit that was signed; null: none. */
  newestCheckpoint(): Promise<string | null>;
};

/** Gives `action` the database for as long as it runs. */
export async function withKeyDatabase<Result>(
  databaseUrl: string,
  action: (database: KeyDatabase) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'keys' });
  client.on('error', () => undefined); // a lost connection is told by the query that needed it
  const rows = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    (await client.query<Row>(text, values)).rows;
  try {
    await client.connect();
    await client.query('set role registry_owner');
    const result = await action({
      inUse: (kind) =>
        rows('select key, place, rows from private.keys_in_use() where kind = $1 order by key, place', [kind]),
      neededFor: (kind, key) => rows('select place, rows from private.key_is_needed($1, $2)', [kind, key]),
      async beginRenewal(indexVersion, sealingKid) {
        await rows('select private.begin_renewal($1, $2)', [indexVersion, sealingKid]);
      },
      async isRenewing() {
        const jobs = await rows(
          `select from graphile_worker.jobs where task_identifier = 'renew_numbers' and attempts < max_attempts`,
        );
        return jobs.length > 0;
      },
      async newestCheckpoint() {
        const [newest] = await rows<{ note: string }>('select note from login.audit_checkpoint() as c(note)');
        return newest?.note ?? null;
      },
    });
    // A pooler may hand the session on as it was left.
    await client.query('reset role');
    return result;
  } finally {
    await client.end();
  }
}
