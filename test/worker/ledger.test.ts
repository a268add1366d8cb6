import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { openErasureLedger } from '../../runtime/erasure-ledger.ts';
import { createWorkerDatabase } from '../../worker/database.ts';
import { carryOutErasure } from '../../worker/erasures.ts';
import { createTaskLedger } from '../../worker/ledger.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';

test('an erasure waits until it stands in the ledger: nothing is erased before, and the next try goes on', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback, { external_id: 'kari' });
  const database = createWorkerDatabase(db.poolFor('sync_worker'));
  const { erasure_id: id } = await database.announceErasure(callback.organization.slug, 'kari', 'asked by letter');
  assert.ok(id !== null);
  const path = join(mkdtempSync(join(tmpdir(), 'ledger-')), 'erasures.ndjson');
  const { privateKey: key } = generateKeyPairSync('ed25519');
  const options = { database, ledger: createTaskLedger({ path }, 'local'), signer: { name: 'test', key } };
  const standing = () =>
    one(
      db,
      `select e.state, e.recorded_at is not null as recorded, m.given_name from audit.erasures as e
       join registry.members as m on m.id = $1`,
      [kari.id],
    );
  await assert.rejects(carryOutErasure(id, options), { name: 'Failure', code: 'erasure_ledger_unreachable' });
  assert.deepEqual(await standing(), { state: 'announced', recorded: false, given_name: 'Kari' });

  // Somebody has made the file, and the worker is killed between the ledger and the database.
  writeFileSync(path, '');
  const killed = { ...database, finishErasure: () => Promise.reject(new Error('killed')) };
  await assert.rejects(carryOutErasure(id, { ...options, database: killed }), /killed/);
  assert.deepEqual(await standing(), { state: 'announced', recorded: false, given_name: 'Kari' });

  await carryOutErasure(id, options);
  assert.deepEqual(await standing(), { state: 'erased', recorded: true, given_name: null });
  const lines = await openErasureLedger({ path }, 'local').read();
  assert.deepEqual(
    lines.map(({ erasure, records }) => [erasure, records.map(({ member_id }) => member_id)]),
    [[id, [kari.id]]],
  );
});
