import { createMemberSystem } from '../../../local/member-system.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { WorkerConfig } from '../../../worker/config.ts';
import { createWorker, type RunningWorker, type WorkerTuning } from '../../../worker/create-worker.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { token } from './stage/keys.ts';
import { addOrganization, addRecord, one, type RecordOptions } from './stage/records.ts';
import { settingsFor } from './stage/settings.ts';
import { createSight } from './stage/sight.ts';
import { createTime } from './stage/time.ts';

export { sampleNumbers } from './stage/records.ts';

/** One organisation with a member system, a database, and workers as the test starts them. */
export type Stage = Awaited<ReturnType<typeof createStage>>;

export async function createStage(existing?: TestDatabase) {
  const db = existing ?? (await createTestDatabase());
  const memberSystem = await createMemberSystem({ tokens: { nhf: token, hlf: token } });
  const organizationId = await addOrganization(db, 'nhf', memberSystem.url);
  /** Everything the workers logged. */
  const lines: string[] = [];
  const settings = settingsFor(db);
  const workers = createWorkers(settings.config, lines);

  return {
    db,
    organizationId,
    ...settings,
    lines,
    memberSystem: memberSystem.organization('nhf'),
    work: workers.work,
    ...createRows(db, organizationId),
    ...createSight(db, lines),
    ...createTime(db),

    /** A second organisation with a member system of its own on the same server. */
    async addNeighbour() {
      const id = await addOrganization(db, 'hlf', memberSystem.url);
      return { id, memberSystem: memberSystem.organization('hlf') };
    },

    async [Symbol.asyncDispose]() {
      // Hanging requests first, so that the workers need not wait for them.
      await memberSystem.close();
      await workers.stop();
      if (existing === undefined) await db[Symbol.asyncDispose]();
    },
  };
}

/** Workers that log into one list and are stopped together. */
function createWorkers(config: WorkerConfig, lines: string[]) {
  const log = createLogger({ name: 'worker', level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const workers: RunningWorker[] = [];
  return {
    /** Starts a worker; it is stopped with the stage. */
    work(changes: Partial<WorkerConfig> = {}, tuning: WorkerTuning = {}): RunningWorker {
      // No cron, and no heartbeat but the first: they would come at another moment in each run.
      const still = { pollIntervalMs: 50, crontab: '', longestPauseMs: 200, beatEveryMs: 600_000 };
      const worker = createWorker({ ...config, ...changes }, log, { ...still, ...tuning });
      workers.push(worker);
      return worker;
    },
    stop: () => Promise.all(workers.map((worker) => worker.stop())),
  };
}

/** What a test adds to one organisation, or changes in it. */
function createRows(db: TestDatabase, organizationId: string) {
  return {
    addRecord: (options: RecordOptions = {}) => addRecord(db, { organizationId, ...options }),

    /** Adds a member whose number is waiting to be pushed. */
    async addPush(options: RecordOptions = {}) {
      const record = await addRecord(db, { organizationId, ...options });
      const { id: pushId } = await one<{ id: string }>(db, 'select private.queue_push($1) as id', [record.memberId]);
      return { ...record, pushId };
    },

    /** Points the organisation's row somewhere else, or changes it otherwise. */
    async changeRow(changes: Record<string, unknown>): Promise<void> {
      for (const [column, value] of Object.entries(changes)) {
        const text = `update sync.member_systems set ${column} = $1 where organization_id = $2`;
        await db.pool.query(text, [value, organizationId]);
      }
    },
  };
}
