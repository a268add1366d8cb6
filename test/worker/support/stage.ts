import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { createMemberSystem } from '../../../local/member-system.ts';
import { createIndexer } from '../../../personnummer/blind-index.ts';
import type { Jwk } from '../../../personnummer/keys.ts';
import { Personnummer } from '../../../personnummer/personnummer.ts';
import { createSealer } from '../../../personnummer/seal.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { WorkerConfig } from '../../../worker/config.ts';
import { createWorker, type RunningWorker, type WorkerTuning } from '../../../worker/create-worker.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

/** Some of the sample numbers; nobody's. */
export const sampleNumbers = ['01815025039', '31926110341', '08837220093', '17858433347', '29828804004'] as const;

const token = randomBytes(18).toString('base64url');

function newKey(kid: string): { publicKey: Jwk; privateKey: Jwk } {
  const pair = generateKeyPairSync('x25519');
  return {
    publicKey: { ...pair.publicKey.export({ format: 'jwk' }), kid } as Jwk,
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), kid } as Jwk,
  };
}

const current = newKey('current');
const foreign = newKey('foreign');
const indexSecrets = [{ version: 'v1', secret: new Uint8Array(randomBytes(32)) }];
const sealers = { current: createSealer([current.publicKey]), foreign: createSealer([foreign.publicKey]) };
const indexer = createIndexer(indexSecrets);

/** What a test looks at. */
export type PushRow = { state: string; attempts: number; error_code: string | null; http_status: number | null };
export type JobRow = { key: string; attempts: number; last_error: string | null; locked_at: Date | null };

/** One organisation with a member system, a database, and workers as the test starts them. */
export type Stage = Awaited<ReturnType<typeof createStage>>;

type RecordOptions = {
  number?: string;
  externalId?: string;
  sealer?: 'current' | 'foreign';
  /** By default the stage's own. */
  organizationId?: string;
};

/** Asks again and again, and fails after 20 seconds naming what did not come. */
export async function eventually<T>(what: string, ask: () => Promise<T | false | undefined | null>): Promise<T> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== false && answer !== undefined && answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`did not happen: ${what}`);
}

async function one<Row extends pg.QueryResultRow>(
  db: TestDatabase,
  text: string,
  values: unknown[] = [],
): Promise<Row> {
  const row = (await db.pool.query<Row>(text, values)).rows[0];
  if (row === undefined) throw new Error('no row');
  return row;
}

async function addOrganization(db: TestDatabase, slug: string, memberSystemUrl: string): Promise<string> {
  const { id } = await one<{ id: string }>(
    db,
    `insert into registry.organizations (slug, name, capture_basis, capture_decided_by, capture_decided_at, retention)
     values ($1, $1, 'test', 'test', now(), interval '1 year') returning id`,
    [slug],
  );
  await db.pool.query(
    `insert into sync.member_systems (organization_id, url_template, auth, secret_env, timeout_ms)
     values ($1, $2, 'bearer', 'MEMBER_SYSTEM_NHF_TOKEN', 5000)`,
    [id, `${memberSystemUrl}/${slug}/members/{external_id}/personnummer`],
  );
  return id;
}

/** Adds a member with a number that nobody is told of, as an import does. */
async function addRecord(db: TestDatabase, options: RecordOptions & { organizationId: string }) {
  const personnummer = new Personnummer(options.number ?? sampleNumbers[0]);
  const externalId = options.externalId ?? `m-${randomBytes(4).toString('hex')}`;
  const { id: memberId } = await one<{ id: string }>(
    db,
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked)
     values ($1, $2, $3, $4, $5) returning id`,
    [
      options.organizationId,
      externalId,
      indexer.indexes(personnummer, options.organizationId)[0],
      await sealers[options.sealer ?? 'current'].seal(personnummer),
      personnummer.masked(),
    ],
  );
  return { memberId, externalId };
}

export async function createStage(existing?: TestDatabase) {
  const db = existing ?? (await createTestDatabase());
  const memberSystem = await createMemberSystem({ tokens: { nhf: token, hlf: token } });
  const organizationId = await addOrganization(db, 'nhf', memberSystem.url);
  const lines: string[] = [];
  const log = createLogger({ name: 'worker', level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const workers: RunningWorker[] = [];
  const config: WorkerConfig = {
    deployment: 'local',
    databaseUrl: db.urlFor('sync_worker'),
    unsealingKeys: [current.privateKey],
    indexSecrets,
    memberSystemSecrets: new Map([['MEMBER_SYSTEM_NHF_TOKEN', token]]),
    concurrency: 4,
    preparedStatements: true,
    health: null,
    logLevel: 'debug',
  };

  return {
    db,
    organizationId,
    config,
    /** Everything the workers logged. */
    lines,
    memberSystem: memberSystem.organization('nhf'),

    /** A second organisation with a member system of its own on the same server. */
    async addNeighbour() {
      const id = await addOrganization(db, 'hlf', memberSystem.url);
      return { id, memberSystem: memberSystem.organization('hlf') };
    },

    /** The environment of a worker in a process of its own. */
    environment: {
      DEPLOYMENT: 'local',
      DATABASE_URL: db.urlFor('sync_worker'),
      PERSONNUMMER_UNSEALING_KEYS: JSON.stringify({ keys: [current.privateKey] }),
      PERSONNUMMER_INDEX_SECRETS: indexSecrets
        .map(({ version, secret }) => `${version}:${Buffer.from(secret).toString('base64url')}`)
        .join(),
      MEMBER_SYSTEM_NHF_TOKEN: token,
    },

    /** Starts a worker; it is stopped with the stage. */
    work(changes: Partial<WorkerConfig> = {}, tuning: WorkerTuning = {}): RunningWorker {
      // No cron, and no heartbeat but the first: they would come at another moment in each run.
      const still = { pollIntervalMs: 50, crontab: '', longestPauseMs: 200, beatEveryMs: 600_000 };
      const worker = createWorker({ ...config, ...changes }, log, { ...still, ...tuning });
      workers.push(worker);
      return worker;
    },

    addRecord: (options: RecordOptions = {}) => addRecord(db, { organizationId, ...options }),

    /** Adds a member whose number is waiting to be pushed. */
    async addPush(options: RecordOptions = {}) {
      const record = await addRecord(db, { organizationId, ...options });
      const { id: pushId } = await one<{ id: string }>(db, 'select private.queue_push($1) as id', [record.memberId]);
      return { ...record, pushId };
    },

    push: (pushId: string) =>
      one<PushRow>(db, 'select state, attempts, error_code, http_status from sync.pushes where id = $1', [pushId]),

    /** Waits until the push is in a state, and its attempt is written down. */
    reaches(pushId: string, state: string, errorCode: string | null = null): Promise<PushRow> {
      const reached = eventually(`push ${state} ${errorCode}`, async () => {
        const row = await this.push(pushId);
        return row.state === state && (errorCode === null || row.error_code === errorCode) && row;
      });
      return reached.catch(async (error: Error) => {
        const now = { push: await this.push(pushId), jobs: await this.jobs(), log: lines.slice(-20) };
        throw new Error(`${error.message}\n${JSON.stringify(now, null, 1)}`);
      });
    },

    async jobs(): Promise<JobRow[]> {
      return (await db.pool.query<JobRow>('select key, attempts, last_error, locked_at from graphile_worker.jobs'))
        .rows;
    },

    /** Lets everything that waits be tried now. */
    async dueNow(): Promise<void> {
      await db.pool.query(`update sync.pushes set next_attempt_at = now() where next_attempt_at is not null`);
      await db.pool.query('update graphile_worker._private_jobs set run_at = now() where locked_at is null');
    },

    /** Waits until a failed attempt is written down, and lets the push be tried again now. */
    async retryNow(): Promise<PushRow> {
      const row = await eventually('push waiting for its retry', async () => {
        const { rows } = await db.pool.query<PushRow>(
          `update sync.pushes set next_attempt_at = now() where state = 'pending' and error_code is not null
           returning state, attempts, error_code, http_status`,
        );
        return rows[0];
      });
      await eventually('its job', async () => {
        const text = `update graphile_worker._private_jobs set run_at = now() where locked_at is null and key like 'push_%'`;
        return ((await db.pool.query(text)).rowCount ?? 0) > 0;
      });
      return row;
    },

    /** Waits until the queue has written down how a job failed, and lets it be tried again now. */
    async retryJobNow(): Promise<JobRow> {
      return eventually('job waiting for its retry', async () => {
        const { rows } = await db.pool.query<JobRow>(
          `update graphile_worker._private_jobs set run_at = now()
           where locked_at is null and last_error is not null returning key, attempts, last_error, locked_at`,
        );
        return rows[0];
      });
    },

    /** Points the organisation's row somewhere else, or changes it otherwise. */
    async changeRow(changes: Record<string, unknown>): Promise<void> {
      for (const [column, value] of Object.entries(changes)) {
        await db.pool.query(`update sync.member_systems set ${column} = $1`, [value]);
      }
    },

    async cases(pushId: string): Promise<number> {
      const text = `select count(*)::int as count from registry.conflicts where kind = 'push_failed' and push_id = $1`;
      return (await one<{ count: number }>(db, text, [pushId])).count;
    },

    async [Symbol.asyncDispose]() {
      // Hanging requests first, so that the workers need not wait for them.
      await memberSystem.close();
      await Promise.all(workers.map((worker) => worker.stop()));
      if (existing === undefined) await db[Symbol.asyncDispose]();
    },
  };
}
