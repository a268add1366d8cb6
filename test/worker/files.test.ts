import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'vitest';
import { becomeCoordinator } from '../support/coordinator.ts';
import { until } from '../support/until.ts';
import { createStage, type Stage, sampleNumbers } from './support/stage.ts';

const pair = generateKeyPairSync('x25519');
const good = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'office' };
const unusable = {
  'is no key': { kty: 'OKP', crv: 'X25519', kid: 'k', x: 'abc' },
  // The neutral point: every agreement with it is zero, and refused.
  'agrees on nothing': { kty: 'OKP', crv: 'X25519', kid: 'k', x: Buffer.alloc(32).toString('base64url') },
};

const receive = (stage: Stage, organizationId: string, key: unknown) =>
  stage.db.pool.query(
    `update sync.member_systems set kind = 'file', url_template = null, auth = 'none', secret_env = null, receiver_key = $2
     where organization_id = $1`,
    [organizationId, key],
  );

const filesOf = async ({ db }: Stage, organizationId: string) =>
  (
    await db.pool.query('select state, error_code from sync.files where organization_id = $1 order by created_at', [
      organizationId,
    ])
  ).rows;

for (const [what, key] of Object.entries(unusable)) {
  test(`a receiver_key that ${what}: a case, a reason on the changes, and the others' files are written all the same`, async () => {
    await using stage = await createStage();
    const { organizationId } = stage;
    const neighbour = await stage.addNeighbour();
    await receive(stage, organizationId, key);
    await receive(stage, neighbour.id, good);
    const { pushId } = await stage.addPush();
    const { memberId } = await stage.addRecord({ organizationId: neighbour.id, number: sampleNumbers[1] });
    await stage.db.pool.query('select private.queue_push($1)', [memberId]);
    stage.work();
    await stage.db.pool.query(`select graphile_worker.add_job('write_files')`);
    await until("the neighbour's file", async () => (await filesOf(stage, neighbour.id))[0]?.state === 'ready');
    await until('the report', async () => (await filesOf(stage, organizationId))[0]?.error_code);
    assert.deepEqual(await filesOf(stage, organizationId), [{ state: 'expired', error_code: 'receiver_key_unusable' }]);
    const { state, attempts, error_code } = await stage.push(pushId);
    assert.deepEqual([state, attempts, error_code], ['pending', 0, 'receiver_key_unusable']);
    const coordinator = await becomeCoordinator(stage.db, { id: organizationId });
    assert.deepEqual(await coordinator.query('select kind, detail from api.open_conflicts'), [
      { kind: 'member_system', detail: { error_code: 'receiver_key_unusable' } },
    ]);
    assert.equal((await coordinator.query('select * from api.failed_syncs')).length, 1);
    assert.ok(stage.lines.some((line) => line.includes('file not written')));

    await receive(stage, organizationId, good);
    await stage.db.pool.query(`update sync.files set created_at = now() - interval '11 minutes'`);
    await stage.db.pool.query(`select graphile_worker.add_job('write_files')`);
    await until('the file', async () => (await filesOf(stage, organizationId))[1]?.state === 'ready');
    assert.equal((await stage.push(pushId)).error_code, null);
  });
}
