import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { test } from 'vitest';
import { readCheckpoint } from '../../audit-seal/checkpoint.ts';
import { createSealingKey, parseSigner, parseVerifierKey, type Signer, type Verifier } from '../../audit-seal/note.ts';
import { migrate } from '../../db/migrate.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createPool } from '../../runtime/pg-pool.ts';
import { one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { withCluster } from '../support/own-cluster.ts';
import {
  addEvents,
  createTestSealer,
  horizonPasses,
  poolOfCluster,
  tamper,
  verifyTestAudit,
} from '../support/sealing.ts';
import { until } from '../support/until.ts';

const leavesOf = async (db: TestDatabase) =>
  (await db.pool.query<{ event_id: string }>('select event_id from audit.leaves order by leaf_index')).rows.map(
    ({ event_id }) => Number(event_id),
  );
const clean = async (db: TestDatabase) =>
  assert.deepEqual((await verifyTestAudit(db.urlFor('auditor_login'))).findings, []);
const sealed = (db: TestDatabase) => createTestSealer(db.poolFor('sync_worker'));

test('events are sealed in batches, and the checkpoint covers them all', async () => {
  await using db = await createTestDatabase();
  const sealer = await createTestSealer(db.poolFor('sync_worker'), { batch: 7 });
  assert.equal(await sealer.round(), 0, 'nothing to seal, nothing signed');
  await addEvents(db, 20);
  await horizonPasses(db);
  assert.equal(await sealer.round(), 20);
  assert.equal(await sealer.round(), 0);
  const { rows } = await db.pool.query('select tree_size::int as n from audit.checkpoints order by 1');
  assert.deepEqual(rows, [{ n: 7 }, { n: 14 }, { n: 20 }]);
  const report = await verifyTestAudit(db.urlFor('auditor_login'));
  assert.deepEqual(report, { findings: [], sealed: 20, unsealed: 0, checkpoints: 3, redacted: 0, newestSize: 20 });
});

test('large subtrees are kept, and a tree goes on from them', async () => {
  await using db = await createTestDatabase();
  await db.pool.query(
    `insert into audit.events (event, source, actor, message) select 'linked', 'app', 'x', 'x' from generate_series(1, 1500)`,
  );
  const sealer = await createTestSealer(db.poolFor('sync_worker'), { batch: 400 });
  await horizonPasses(db);
  await sealer.round();
  await addEvents(db, 3);
  await horizonPasses(db);
  await (await createTestSealer(db.poolFor('sync_worker'), { batch: 400 })).round();
  assert.equal((await one(db, 'select count(*)::int as n from audit.nodes')).n, 5 + 2 + 1);
  await clean(db);
});

test('an event that is written late by an early transaction is sealed late, and no other before it is left out', async () => {
  await using db = await createTestDatabase();
  const sealer = await sealed(db);
  const slow = await db.pool.connect();
  try {
    await addEvents(db, 1);
    await horizonPasses(db);
    await slow.query('begin; select pg_current_xact_id()');
    await addEvents(db, 2);
    await sealer.round();
    assert.deepEqual(await leavesOf(db), [1], 'whoever runs since before holds back what came after');
    await slow.query(
      `savepoint s; insert into audit.events (event, source, actor, message) values ('linked', 'app', 'x', 'late')`,
    );
    await slow.query('release s; commit');
    await horizonPasses(db);
    await sealer.round();
    assert.deepEqual(await leavesOf(db), [1, 4, 2, 3], 'by transaction, not by id');
    await clean(db);
  } finally {
    slow.release();
  }
});

test('a prepared transaction and one of another database hold sealing back, and the alarm says who', async () => {
  await using db = await createTestDatabase();
  await using other = await createTestDatabase();
  const { database } = await sealed(db);
  const elsewhere = await other.pool.connect();
  try {
    await elsewhere.query('begin; select pg_current_xact_id()');
    const { rows } = await elsewhere.query('select pg_backend_pid() as pid');
    await addEvents(db, 1);
    assert.deepEqual(await database.eventsToSeal(10), []);
    assert.equal((await database.metrics()).held_by, null, 'not in the first minute');
    await tamper(db, `update audit.events set occurred_at = now() - interval '2 minutes'`);
    // A transaction of another test may be older still.
    const { held_by, oldest_unsealed_seconds } = await until('ours is the oldest', async () => {
      const metrics = await database.metrics();
      return metrics.held_by?.includes(`process ${rows[0].pid} `) ? metrics : undefined;
    });
    assert.match(held_by ?? '', new RegExp(`process ${rows[0].pid} of \\w+ in database ${other.name}`));
    assert.ok(oldest_unsealed_seconds >= 120 && oldest_unsealed_seconds < 240);
  } finally {
    await elsewhere.query('rollback');
    elsewhere.release();
  }
});

test('two workers at once, and one that is overtaken: no gap and no double leaf', async () => {
  await using db = await createTestDatabase();
  await addEvents(db, 40);
  await horizonPasses(db);
  const pools = [1, 2, 3].map(() => new pg.Pool({ connectionString: db.urlFor('sync_worker'), max: 2 }));
  try {
    const sealers = await Promise.all(pools.map((pool) => createTestSealer(pool, { batch: 3 })));
    for (let n = 0; n < 20; n += 1) await Promise.all(sealers.map((sealer) => sealer.round()));
    assert.deepEqual(
      await leavesOf(db),
      Array.from({ length: 40 }, (_, at) => at + 1),
    );
    await clean(db);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
  }
});

test('an event that is redacted while it is hashed is hashed again', async () => {
  await using db = await createTestDatabase();
  await addEvents(db, 2);
  const { database, ...sealer } = await sealed(db);
  await horizonPasses(db);
  const events = await database.eventsToSeal(10);
  await tamper(db, `update audit.events set redacted_at = now(), detail = '{}' where id = 1`);
  const leaves = events.map(({ id }) => ({
    eventId: id,
    redacted: false,
    salt: Buffer.alloc(32),
    hash: Buffer.alloc(32),
  }));
  assert.equal(await database.appendLeaves({ firstIndex: 0, leaves, nodes: [] }), false);
  assert.equal((await one(db, 'select count(*)::int as n from audit.leaves')).n, 0);
  assert.equal(await sealer.round(), 2);
});

for (const killedIn of ['awaitStandby', 'appendCheckpoint'] as const) {
  test(`a worker that is killed before ${killedIn} is done leaves nothing that the next cannot go on from`, async () => {
    await using db = await createTestDatabase();
    await addEvents(db, 5);
    await horizonPasses(db);
    const killed = await sealed(db);
    const database = { ...killed.database, [killedIn]: () => Promise.reject(new Error('killed')) };
    const dying = await createTestSealer(db.poolFor('sync_worker'), { database, file: killed.file });
    await assert.rejects(dying.round(), /killed/);
    assert.equal((await one(db, 'select count(*)::int as n from audit.checkpoints')).n, 0);
    await addEvents(db, 1);
    await horizonPasses(db);
    const next = await createTestSealer(db.poolFor('sync_worker'), { file: killed.file });
    assert.equal(await next.round(), 1);
    assert.deepEqual(await leavesOf(db), [1, 2, 3, 4, 5, 6]);
    await clean(db);
  });
}

/** A folder for the file of a worker. */
async function withFile(action: (path: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
  await action(join(folder, 'checkpoints')).finally(() => rm(folder, { recursive: true }));
}

test('a worker knows by its file that a backup was restored, and goes on when somebody has accepted it', () =>
  withFile(async (path) => {
    await using db = await createTestDatabase();
    const pool = db.poolFor('sync_worker');
    const sealer = await createTestSealer(pool, { path });
    await addEvents(db, 3);
    await horizonPasses(db);
    await sealer.round();
    await addEvents(db, 2);
    await horizonPasses(db);
    await sealer.round();
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => readCheckpoint(JSON.parse(line).note).size),
      [3, 5],
    );
    const lost = JSON.parse(lines[1] as string).note as string;
    // The database as it was after the third event.
    await tamper(
      db,
      ...['leaves', 'salts', 'events'].map(
        (table) => `delete from audit.${table} where ${table === 'events' ? 'id' : 'event_id'} > 3`,
      ),
      'delete from audit.checkpoints where tree_size > 3',
    );
    await addEvents(db, 1, 'another');
    const started = await createTestSealer(pool, { path });
    await assert.rejects(started.round(), { code: 'audit_restored' });
    assert.equal((await leavesOf(db)).length, 3, 'nothing is sealed');
    await db.pool.query('select private.accept_restore($1)', [lost]);
    await horizonPasses(db);
    assert.equal(await started.round(), 2, 'the event that came since, and the one that says it');
    await addEvents(db, 4);
    await horizonPasses(db);
    await started.round();
    await (await createTestSealer(pool, { path })).round();
    await clean(db);
    assert.deepEqual(
      (await db.pool.query('select epoch, reason, tree_size::int as n from audit.epochs order by 1')).rows,
      [
        { epoch: 1, reason: 'first', n: 0 },
        { epoch: 2, reason: 'restore_accepted', n: 3 },
      ],
    );
  }));

test('a new epoch waits for whoever writes in the old one, and whoever comes meanwhile writes in the new one', async () => {
  await using db = await createTestDatabase();
  await (await sealed(db)).round();
  const writer = await db.pool.connect();
  const restorer = await db.pool.connect();
  try {
    await writer.query('begin');
    await addEvents({ pool: writer }, 1);
    await assert.rejects(restorer.query('select private.accept_restore(null)'), { code: '55P03' });
    await writer.query('commit');
    await restorer.query('begin');
    await restorer.query('select private.accept_restore(null)');
    const later = addEvents({ pool: writer }, 1);
    await blocked(db, 1);
    await restorer.query('commit');
    await later;
    await restorer.query('begin; select private.accept_restore(null); rollback');
    await addEvents(db, 1);
    const { rows } = await db.pool.query('select event, epoch from audit.events order by id');
    assert.deepEqual(
      rows.map(({ event, epoch }) => `${event} ${epoch}`),
      ['linked 1', 'restore_accepted 2', 'linked 2', 'linked 2'],
    );
  } finally {
    writer.release();
    restorer.release();
  }
});

test('a worker does not sign another history than it has signed before', () =>
  withFile(async (path) => {
    await using db = await createTestDatabase();
    const pool = db.poolFor('sync_worker');
    const sealer = await createTestSealer(pool, { path });
    await addEvents(db, 3);
    await horizonPasses(db);
    await sealer.round();
    await tamper(db, `update audit.leaves set leaf_hash = sha256('x') where leaf_index = 1`);
    await assert.rejects(
      sealer.round(),
      { code: 'audit_rewritten' },
      'its own checkpoint in the database says otherwise',
    );
    await tamper(db, 'delete from audit.checkpoints');
    await assert.rejects(sealer.round(), { code: 'audit_rewritten' }, 'so does its file');
    await assert.rejects((await createTestSealer(pool, { path })).round(), { code: 'audit_rewritten' });
    assert.equal((await one(db, 'select count(*)::int as n from audit.checkpoints')).n, 0);
  }));

test('the file stays small, and a line that a crash cut off does no harm', () =>
  withFile(async (path) => {
    const { openCheckpointFile } = await import('../../worker/sealing/checkpoint-file.ts');
    const file = await openCheckpointFile(path);
    const at = (size: number) => readCheckpoint(`a\n${size}\n${Buffer.alloc(32).toString('base64')}\n\n— a AAAAAAA=\n`);
    const lines = Array.from({ length: 2_000 }, (_, n) => `${JSON.stringify({ note: at(n + 1).note })}\n`);
    await writeFile(path, lines.join(''));
    const full = await openCheckpointFile(path);
    await full.append(at(2_001));
    assert.equal(full.checkpoints.length, 1_501);
    await writeFile(path, `${await readFile(path, 'utf8')}{"note": "a\\n20`);
    const again = await openCheckpointFile(path);
    assert.equal(again.checkpoints.at(-1)?.size, 2_001);
    await again.append(at(2_002));
    assert.equal((await openCheckpointFile(path)).checkpoints.at(-1)?.size, 2_002);
    assert.equal(file.checkpoints.length, 0);
  }));

test('nothing is signed that a synchronous standby has not confirmed, also when somebody cancels the wait', () =>
  withCluster(18, async (server) => {
    await migrate({ databaseUrl: server.url });
    const owner = poolOfCluster({ connectionString: server.url });
    const log = createLogger({ name: 'test', level: 'silent' });
    const worker = createPool({
      connectionString: server.url,
      max: 2,
      applicationName: 'sealing',
      log,
      queryTimeoutMs: 60_000,
    });
    try {
      await addEvents({ pool: owner }, 3);
      await owner.query(`alter system set synchronous_standby_names = 'nobody'`);
      await owner.query('select pg_reload_conf()');
      const waiting = () =>
        owner.query(`select pid from pg_stat_activity where application_name = 'sealing' and wait_event = 'SyncRep'`);
      const sealer = await createTestSealer(worker);
      const round = sealer.round().then(
        () => 'signed',
        (error: { cause?: { code?: string } }) => error.cause?.code,
      );
      let answer: string | undefined;
      void round.then((now) => {
        answer = now;
      });
      const cancel = async () => {
        for (const { pid } of (await waiting()).rows) await owner.query('select pg_cancel_backend($1)', [pid]);
        return answer;
      };
      assert.equal(await until('the round ends', cancel), '08007');
      assert.deepEqual((await owner.query('select from audit.checkpoints')).rowCount, 0);
      assert.equal(sealer.file.checkpoints.length, 0);
      await owner.query('alter system reset synchronous_standby_names');
      await owner.query('select pg_reload_conf()');
      await until('it is signed', async () => (await sealer.round().catch(() => -1)) === 0);
      assert.equal((await owner.query('select tree_size::int as n from audit.checkpoints')).rows[0].n, 3);
    } finally {
      await Promise.all([owner.end(), worker.end()]);
    }
  }));

test('the key is replaced, and what the old one has signed verifies as before', async () => {
  await using db = await createTestDatabase();
  const keys = [1, 2].map(() => createSealingKey('localhost/audit'));
  const [old, next] = keys.map(({ signingKey }) => parseSigner(signingKey) as Signer) as [Signer, Signer];
  for (const signers of [[old], [old, next], [next]] as [Signer, ...Signer[]][]) {
    await addEvents(db, 2);
    await horizonPasses(db);
    await (await createTestSealer(db.poolFor('sync_worker'), { signers })).round();
  }
  const [first, second] = keys.map(({ verifierKey }) => parseVerifierKey(verifierKey) as Verifier) as [
    Verifier,
    Verifier,
  ];
  const codesWith = async (verifiers: Verifier[]) =>
    (await verifyTestAudit(db.urlFor('auditor_login'), { verifiers })).findings.map(({ code, leaf }) => [code, leaf]);
  assert.deepEqual(await codesWith([first, second]), []);
  assert.deepEqual(await codesWith([second]), [['checkpoint_invalid', 1]]);
  assert.deepEqual(await codesWith([first]), [['checkpoint_invalid', 5]]);
  const { rows } = await db.pool.query('select verifier_key as key from audit.sealing_keys order by used_since');
  assert.deepEqual(
    rows.map(({ key }) => key),
    keys.map(({ verifierKey }) => verifierKey),
  );
});
