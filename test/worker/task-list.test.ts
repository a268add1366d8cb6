import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseCrontab } from 'graphile-worker';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { noTracing } from '../../runtime/tracing/tracing.ts';
import type { WorkerDatabase } from '../../worker/database.ts';
import { createGate } from '../../worker/gate.ts';
import { createLeases } from '../../worker/leases.ts';
import { createTaskList } from '../../worker/task-list.ts';
import { testKeys } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { createStage } from './support/stage.ts';

const notCalled = () => Promise.reject(new Error('not called'));
const database: WorkerDatabase = {
  claimPush: notCalled,
  finishPush: notCalled,
  processObservation: notCalled,
  reconcile: notCalled,
  eraseExpired: notCalled,
  countFigures: notCalled,
  putBackPush: notCalled,
  beat: notCalled,
  sweep: notCalled,
  claimFile: notCalled,
  finishFile: notCalled,
  failFile: notCalled,
  metrics: notCalled,
  memberSystem: notCalled,
  readableOrganizations: notCalled,
  driftPage: notCalled,
  reportDrift: notCalled,
  announceErasure: notCalled,
  readErasure: notCalled,
  finishErasure: notCalled,
  storeReceipt: notCalled,
  takeReceipt: notCalled,
  missingErasures: notCalled,
  replayErasure: notCalled,
  unrecordedErasures: notCalled,
  exportMember: notCalled,
  numbersToRenew: notCalled,
  renewNumbers: notCalled,
  countGrant: notCalled,
  makeGrantSnapshot: notCalled,
  grantReport: notCalled,
  grantRows: notCalled,
  claimInvoice: notCalled,
  putBackInvoice: notCalled,
  beginLookUp: notCalled,
  finishInvoice: notCalled,
  beatInvoices: notCalled,
  sweepInvoices: notCalled,
  issuer: notCalled,
};
const log = createLogger({ name: 'test', level: 'silent' });
const parts = {
  deliver: notCalled,
  issue: notCalled,
  leases: createLeases(),
  invoiceLeases: createLeases(),
  gate: createGate(1),
  metrics: { attempt: () => undefined, invoice: () => undefined },
  numbers: { unsealer: testKeys().unsealer, indexer: testKeys().indexer, indexVersions: new Set<string>() },
  drift: { indexer: testKeys().indexer, authorize: notCalled, fetch: notCalled },
  onBreaker: notCalled,
  renew: () => notCalled,
  erasing: { database, ledger: null, signer: { name: 'test', key: generateKeyPairSync('ed25519').privateKey } },
  log,
  tracing: noTracing,
  timeoutMs: 1,
};
const identifiers = Object.keys(createTaskList({ ...parts, database })).sort();
const worker = new URL('../../worker/', import.meta.url);

test('every file in tasks/ is a task under its own name, and there are no others', () => {
  const files = readdirSync(new URL('tasks/', worker)).map((file) => basename(file, '.ts'));
  assert.deepEqual(files.sort(), identifiers);
});

test('every task that SQL can enqueue has a file', async () => {
  await using stage = await createStage();
  const { rows } = await stage.db.pool.query<{ task: string }>(
    'select unnest(enum_range(null::private.task))::text as task',
  );
  assert.ok(rows.length > 0);
  for (const { task } of rows) assert.ok(identifiers.includes(task), task);
});

test('the crontab reconciles, writes files and counts every minute, and erases and compares at night, with one job waiting each', () => {
  const items = parseCrontab(readFileSync(new URL('crontab', worker), 'utf8'));
  const at = { date: 1, month: 1, dow: 0 };
  const times = Object.fromEntries(
    items.map((item) => {
      const minutes = Array.from({ length: 24 * 60 }, (_, nth) => ({ hour: Math.floor(nth / 60), min: nth % 60 }));
      return [item.task, minutes.filter((time) => item.match({ ...at, ...time })).length];
    }),
  );
  assert.deepEqual(times, {
    reconcile: 1440,
    write_files: 1440,
    count_figures: 1440,
    erase_expired: 2,
    check_drift: 1,
  });
  for (const { task, options } of items) assert.deepEqual([options.jobKey, options.jobKeyMode], [task, 'replace']);
  for (const { task, options } of items) assert.equal(options.maxAttempts, task === 'check_drift' ? 3 : 1);
});

test('what a task throws in surprise is neither stored nor quoted', async () => {
  const odd = () => Promise.reject(new TypeError('number 24929948099 is odd'));
  const surprising: WorkerDatabase = { ...database, reconcile: odd };
  const { reconcile } = createTaskList({ ...parts, database: surprising });
  const helpers = { job: { id: '1' } } as Parameters<NonNullable<typeof reconcile>>[1];
  await assert.rejects(async () => reconcile?.({}, helpers), { message: 'unexpected_error' });
});

test('a deferred observation is decided by its job', async () => {
  await using stage = await createStage();
  const observationId = '5f0c3a52-3c7e-4a57-9a35-0a8e6f5f3c11';
  await stage.db.pool.query(
    `insert into registry.identity_providers (organization_id, provider, issuer, client_id, client_secret_env)
     values ($1, 'vipps', 'https://issuer.example/', 'client', 'OIDC_TEST')`,
    [stage.organizationId],
  );
  await stage.db.pool.query(
    `select login.record_observation(observation_id => $1, organization => 'nhf', provider => 'vipps',
       issuer => 'https://issuer.example/', subject => 'nobody', authenticated_at => now(), absent_reason => 'not_given')`,
    [observationId],
  );
  const read = async () =>
    (await stage.db.pool.query('select outcome from registry.observations where id = $1', [observationId])).rows[0]
      .outcome;
  const decided = await read();
  await stage.db.pool.query(
    `update registry.observations set outcome = 'deferred', settled_at = null, deferred_sqlstate = '40001' where id = $1`,
    [observationId],
  );
  await stage.db.pool.query(`select private.enqueue('process_observation', $1)`, [observationId]);
  stage.work();
  await until('the decision', async () => (await read()) === decided);
  await until('no job left', async () => (await stage.jobs()).length === 0);
});
