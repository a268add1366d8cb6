import pg from 'pg';
import { parseSigners, parseVerifierKey, type Signer, type Verifier } from '../../audit-seal/note.ts';
import { createAuditReader } from '../../audit-tools/audit-reader.ts';
import type { Witnessed } from '../../audit-tools/notes-file.ts';
import { type Report, verifyAudit } from '../../audit-tools/verify-audit.ts';
import { openCheckpointFile } from '../../worker/sealing/checkpoint-file.ts';
import { createSealingDatabase } from '../../worker/sealing/database.ts';
import { type SealRoundOptions, sealRound } from '../../worker/sealing/seal-round.ts';
import type { TestDatabase } from './database.ts';
import { testKeys } from './keys.ts';
import { until } from './until.ts';

export const auditSigners = () =>
  parseSigners(testKeys().environment.AUDIT_SEALING_KEY).signers as [Signer, ...Signer[]];
export const auditVerifiers = () => [parseVerifierKey(testKeys().environment.AUDIT_VERIFIER_KEYS) as Verifier];

/**
 * Waits until everything that is written may be sealed. Other tests' transactions hold sealing back too: PostgreSQL counts those of all
 * databases together.
 */
export async function horizonPasses({ pool }: Pick<TestDatabase, 'pool'>): Promise<void> {
  await until('no transaction runs that is older than an event', async () => {
    const { rows } = await pool.query<{ passed: boolean }>(
      `select not exists (select from audit.events where transaction_id >= pg_snapshot_xmin(pg_current_snapshot())
         and epoch >= coalesce((select max(epoch) from audit.epochs), 1)) as passed`,
    );
    return rows[0]?.passed;
  });
}

/** A worker's rounds of sealing, one at a time and by hand. */
export async function createTestSealer(pool: pg.Pool, options: Partial<SealRoundOptions> & { path?: string } = {}) {
  const { path = null, ...rest } = options;
  const all: SealRoundOptions = {
    database: createSealingDatabase(pool),
    signers: auditSigners(),
    file: await openCheckpointFile(path),
    batch: 1_000,
    rest: async () => undefined,
    ...rest,
  };
  return { ...all, round: () => sealRound(all) };
}

/** `npm run audit:verify` with an auditor's rights. */
export async function verifyTestAudit(
  auditorUrl: string,
  options: { witnessed?: readonly Witnessed[]; verifiers?: readonly Verifier[] } = {},
): Promise<Report> {
  const pool = new pg.Pool({ connectionString: auditorUrl, max: 2 });
  try {
    const { witnessed = [], verifiers = auditVerifiers() } = options;
    return await verifyAudit({ reader: createAuditReader(pool), verifiers, witnessed });
  } finally {
    await pool.end();
  }
}

/** Connections to a cluster of its own, which may be stopped before the last of them has heard that it is ended. */
export function poolOfCluster(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ max: 2, ...config });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Appends events, each in a transaction of its own. */
export async function addEvents(db: { pool: Pick<pg.Pool, 'query'> }, count: number, message = 'x'): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await db.pool.query(
      `insert into audit.events (event, source, actor, organization_id, message, detail)
       values ('linked', 'app', 'x', gen_random_uuid(), $1, '{"b": [1.00, "é"], "a": {"n": 12345678901234567890}}')`,
      [`${message} ${n}`],
    );
  }
}

/** What a superuser does by hand, past every trigger. */
export async function tamper(db: Pick<TestDatabase, 'pool'>, ...statements: string[]): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    const tables = ['events', 'leaves', 'salts', 'nodes', 'checkpoints', 'sealing_keys', 'epochs'];
    for (const table of tables) await client.query(`alter table audit.${table} disable trigger _100_refuse_change`);
    await client.query('alter table audit.events disable trigger _200_redact_only');
    for (const statement of statements) await client.query(statement);
    await client.query('alter table audit.events enable always trigger _200_redact_only');
    for (const table of tables)
      await client.query(`alter table audit.${table} enable always trigger _100_refuse_change`);
    await client.query('commit');
  } finally {
    client.release();
  }
}
