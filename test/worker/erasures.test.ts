import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify } from 'jose';
import { test } from 'vitest';
import { createErasing } from '../../worker/create-worker.ts';
import { createWorkerDatabase } from '../../worker/database.ts';
import { carryOutErasure } from '../../worker/erasures.ts';
import { announce } from '../db/support/erasing.ts';
import { one } from '../support/acting-callback.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { until } from '../support/until.ts';
import { createStage, type Stage } from './support/stage.ts';

/** A receipt, its signature verified with the audit's public key. */
async function verified(receipt: string, { config }: Stage) {
  const { payload, protectedHeader } = await compactVerify(receipt, createPublicKey(config.sealing.signers[0].key));
  assert.equal(protectedHeader.kid, config.sealing.signers[0].name);
  return JSON.parse(new TextDecoder().decode(payload));
}

const receiptOf = ({ db }: Stage) => one(db, 'select receipt from registry.erasure_receipts');

test('the worker carries an announced erasure out by itself, tells the member system, and signs a receipt that lists every table', async () => {
  await using stage = await createStage();
  const { db, memberSystem } = stage;
  const { memberId, externalId } = await stage.addPush();
  stage.work();
  const arrived = () => memberSystem.members.find(externalId)?.personnummer;
  await until('the number arrived', async () => typeof arrived() === 'string');
  const { id } = await announce(db, { id: memberId });
  await until('the member system removed it', async () => arrived() === null);
  await until('the receipt', async () => (await receiptOf(stage)) !== undefined);
  const receipt = await verified((await receiptOf(stage)).receipt, stage);
  assert.deepEqual([receipt.erasure_id, receipt.organization, receipt.member_system], [id, 'nhf', 'queued']);
  assert.equal(receipt.erased['registry.members'], 1);
  assert.ok(Object.keys(receipt.kept).length > 5);
  const erasure = await one(db, `select encode(receipt_digest, 'hex') as digest, removal, counts from audit.erasures`);
  assert.equal(
    erasure.digest,
    createHash('sha256')
      .update((await receiptOf(stage)).receipt)
      .digest('hex'),
  );
  assert.deepEqual(receipt.erased, erasure.counts);
  await until(
    'the member number is gone',
    async () => (await one(db, 'select external_id from registry.members')).external_id === null,
  );
});

test('nothing is erased before it stands in the ledger; whoever is stopped between two steps is followed by somebody who begins again', async () => {
  await using stage = await createStage();
  const { db, config } = stage;
  const { memberId } = await stage.addRecord();
  const { id } = await announce(db, { id: memberId });
  const pool = db.poolFor('sync_worker');
  const parts = createErasing(config, createWorkerDatabase(pool));
  const state = async () => await one(db, 'select state, recorded_at is not null as recorded from audit.erasures');
  const recorded: string[] = [];
  const ledger = {
    record: async (erasure: { id: string }) => void recorded.push(erasure.id),
  };
  const away = { record: () => Promise.reject(new Error('away')) };
  await assert.rejects(carryOutErasure(id, { ...parts, ledger: away }), { message: 'away' });
  assert.deepEqual(await state(), { state: 'announced', recorded: false });
  const stopped = { ...parts.database, finishErasure: () => Promise.reject(new Error('stopped')) };
  await assert.rejects(carryOutErasure(id, { ...parts, database: stopped, ledger }), { message: 'stopped' });
  assert.deepEqual(await state(), { state: 'announced', recorded: false });
  const unsigned = { ...parts.database, storeReceipt: () => Promise.reject(new Error('killed')) };
  await assert.rejects(carryOutErasure(id, { ...parts, database: unsigned, ledger }), { message: 'killed' });
  assert.deepEqual(await state(), { state: 'erased', recorded: true });
  // Looked for by the clock: what has no receipt yet is queued again.
  await db.pool.query(`delete from graphile_worker._private_jobs`);
  await db.pool.query(`update audit.erasures set erased_at = erased_at - interval '1 minute'`);
  await pool.query('select * from worker.reconcile()');
  assert.equal(
    (await one(db, `select count(*)::int as n from graphile_worker.jobs where key = $1`, [`carry_out_erasure:${id}`]))
      .n,
    1,
  );
  await carryOutErasure(id, { ...parts, ledger });
  assert.deepEqual(recorded, [id, id], 'the ledger knows it already and writes it once (runtime/erasure-ledger.ts)');
  const first = (await receiptOf(stage)).receipt;
  await carryOutErasure(id, { ...parts, ledger });
  assert.equal((await receiptOf(stage)).receipt, first);
});

test('npm run member:erase: says what went, writes the receipt into a file of the operator only, and names nobody', async () => {
  await using stage = await createStage();
  const { db, environment } = stage;
  const { externalId } = await stage.addRecord();
  await db.pool.query(`update registry.members set given_name = 'Kari'`);
  const folder = mkdtempSync(join(tmpdir(), 'erase-'));
  const ledger = join(folder, 'erasures.ndjson');
  writeFileSync(ledger, '');
  async function run(...words: string[]) {
    const child = spawn(process.execPath, ['worker/erase-member.ts', '--organization', 'nhf', ...words], {
      env: { ...bareEnvironment(), ...environment, ERASURE_LEDGER: ledger },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const [code] = await once(child, 'close');
    return { code, output };
  }
  const file = join(folder, 'receipt.jws');
  const unasked = await run('--member', externalId, '--reason', 'Asked by letter');
  assert.deepEqual([unasked.code, /use --yes/.test(unasked.output)], [1, true], unasked.output);
  assert.equal((await db.pool.query('select from audit.erasures')).rowCount, 0);
  const refused = await run('--yes', '--member', externalId, '--reason', 'Kari has asked');
  assert.deepEqual([refused.code, /tells who it is/.test(refused.output)], [1, true], refused.output);
  const erased = await run('--yes', '--member', externalId, '--reason', 'Asked by letter', '--receipt', file);
  assert.equal(erased.code, 0, erased.output);
  assert.match(erased.output, /registry\.members +1/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const receipt = await verified(readFileSync(file, 'utf8').trim(), stage);
  const [line] = readFileSync(ledger, 'utf8').trim().split('\n');
  assert.equal(JSON.parse(line as string).erasure, receipt.erasure_id);
  for (const text of [erased.output, readFileSync(ledger, 'utf8'), JSON.stringify(receipt)])
    assert.ok(!text.includes(externalId) && !text.includes('Kari'));
  const { reason, requested_by: by } = await one(db, 'select reason, requested_by from audit.erasures');
  assert.deepEqual([reason, by], ['Asked by letter', 'sync_worker']);
});
