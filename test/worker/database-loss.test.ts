import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { startPostgres } from '../../local/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { createStage, sampleNumbers } from './support/stage.ts';
import { spawnWorker } from './support/worker-process.ts';

/** A server of this file's own, which it may stop. */
async function startServer() {
  const folder = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-restart-'));
  const options = {
    dataFolder: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    password: randomBytes(18).toString('base64url'),
  };
  let server = await startPostgres(options);
  const { TEST_DATABASE_URL: usual } = process.env;
  process.env.TEST_DATABASE_URL = server.url;
  const db = await createTestDatabase();
  if (usual === undefined) delete process.env.TEST_DATABASE_URL;
  else process.env.TEST_DATABASE_URL = usual;
  return {
    db,
    stop: () => server.stop(),
    async start() {
      const { port } = server;
      server = await startPostgres({ ...options, port });
      assert.equal(server.port, port);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test('a worker survives that the server restarts while it has a push under way', async () => {
  await using server = await startServer();
  server.db.pool.on('error', () => undefined);
  await using stage = await createStage(server.db);
  stage.memberSystem.setMode('apply_then_hang');
  await stage.changeRow({ timeout_ms: 1_000 });
  const first = await stage.addPush({ number: sampleNumbers[0] });
  await using worker = spawnWorker(stage.environment);
  await until('the request', async () => stage.memberSystem.requests() === 1);
  await server.stop();
  // Long enough for the attempt to end while nobody can be told.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  stage.memberSystem.setMode('ok');
  await server.start();

  const second = await stage.addPush({ number: sampleNumbers[1] });
  // A run that hangs without a word is given up after 90 s (worker/watch-run.ts).
  await stage.reaches(second.pushId, 'delivered', null, 150_000).catch((error: Error) => {
    throw new Error(`${error.message}\n${worker.output()}`);
  });
  // The job of the first one is not left locked for hours; its lease runs out by itself.
  await until('the first job given back', async () => {
    return (await stage.jobs()).every(({ locked_at }) => locked_at === null);
  });
  await server.db.pool.query(
    `update sync.pushes set lease_expires_at = now() - interval '1 second' where state = 'sending'`,
  );
  await server.db.pool.query(`select graphile_worker.add_job('reconcile')`);
  await until('the first push delivered', async () => {
    await stage.dueNow();
    return (await stage.push(first.pushId)).state === 'delivered';
  });
  assert.equal(stage.memberSystem.members.effectsOf(first.pushId), 1);
  worker.child.kill('SIGTERM');
  assert.equal(await worker.ended, 0);
});

test('a worker that starts before its database waits for it', async () => {
  await using server = await startServer();
  server.db.pool.on('error', () => undefined);
  await using stage = await createStage(server.db);
  await server.stop();
  await using worker = spawnWorker(stage.environment);
  await until('a failed try', async () => worker.output().includes('the queue failed'));
  await server.start();
  const { pushId } = await stage.addPush();
  await stage.reaches(pushId, 'delivered', null, 150_000);
  worker.child.kill('SIGTERM');
  assert.equal(await worker.ended, 0);
});

test('a worker whose connections are all cut while it has pushes under way goes on', async () => {
  await using stage = await createStage();
  stage.memberSystem.setMode('hang');
  await stage.changeRow({ timeout_ms: 700 });
  const pushes = await Promise.all(sampleNumbers.slice(0, 3).map((number) => stage.addPush({ number })));
  stage.work();
  await until('the requests', async () => stage.memberSystem.requests() === pushes.length);
  await stage.db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sync-worker' and datname = current_database()`,
  );
  stage.memberSystem.setMode('ok');
  for (const { pushId } of pushes) await stage.reaches(pushId, 'pending', 'timeout');
  await until('all jobs given back', async () => (await stage.jobs()).every(({ locked_at }) => locked_at === null));
  await stage.dueNow();
  for (const { pushId } of pushes) await stage.reaches(pushId, 'delivered');
});
