import { actAsCallback, addKari, one } from '../../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { claimPush, finishPush } from '../../support/push-worker.ts';
import { sampleNumbers } from '../../support/samples.ts';

const [NUMBER] = sampleNumbers;

type Columns = Readonly<Record<string, unknown>>;
export type PushBench = Awaited<ReturnType<typeof setUp>>;

/** A database with one filled member and its push, and the worker's callback. */
export async function withPush(action: (bench: PushBench) => Promise<void>, memberSystem: Columns = {}) {
  const bench = await setUp(memberSystem);
  try {
    await action(bench);
  } finally {
    await bench.db[Symbol.asyncDispose]();
  }
}

async function setUp(memberSystem: Columns) {
  const db: TestDatabase = await createTestDatabase();
  const callback = await actAsCallback(db);
  for (const [column, value] of Object.entries(memberSystem)) {
    await db.pool.query(`update sync.member_systems set ${column} = $1`, [value]);
  }
  const kari = await addKari(db, callback, { external_id: 'kari-1' });
  await callback.login({ personnummer: NUMBER });
  const worker = db.poolFor('sync_worker');
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  const claim = (workerId = 'worker-1', pushId = id) => claimPush(worker, pushId, workerId);
  const finish = (token: string, result: string, code: string | null = null, final = false, pushId = id) =>
    finishPush(worker, {
      push_id: pushId,
      fencing_token: token,
      result,
      http_status: Number(/^http_(\d{3})$/.exec(code ?? '')?.[1] ?? 0) || null,
      error_code: code,
      duration_ms: 12,
      final,
    });
  const beat = async (poolId: string, pushIds: string[] = [], tokens: string[] = []) =>
    (await worker.query('select * from worker.beat($1, $2, $3)', [poolId, pushIds, tokens])).rows[0];
  const sweep = async () => {
    const { rows } = await worker.query<{ what: string; queued: number }>('select * from worker.sweep()');
    return Object.fromEntries(rows.map(({ what, queued }) => [what, queued]));
  };
  const push = () => one(db, 'select * from sync.pushes where id = $1', [id]);
  const events = async () =>
    (await db.pool.query(`select event from audit.events where push_id is not null order by id`)).rows.map(
      (row) => row.event,
    );
  const { organization } = callback;
  return { db, kari, worker, organization, id, claim, finish, beat, sweep, push, events };
}
