import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createStage, type Stage } from './support/stage.ts';

type Case = {
  code: string;
  state: 'pending' | 'rejected';
  why: string;
  spoil(stage: Stage): Promise<unknown>;
  worker?: Parameters<Stage['work']>[0];
  sealer?: 'foreign';
};

const cases: Case[] = [
  {
    why: 'an organisation without a member system is waited for',
    code: 'member_system_missing',
    state: 'pending',
    spoil: (stage) => stage.db.pool.query('delete from sync.member_systems'),
  },
  {
    why: 'a secret that is not in the environment is waited for',
    code: 'secret_missing',
    state: 'pending',
    spoil: (stage) => stage.changeRow({ secret_env: 'MEMBER_SYSTEM_OTHER' }),
  },
  {
    why: 'a number sealed for a key that this worker does not have waits for the key',
    code: 'sealing_key_unknown',
    state: 'pending',
    spoil: async () => undefined,
    sealer: 'foreign',
  },
  {
    why: 'an index of a version that this worker does not have waits for the secret',
    code: 'index_secret_unknown',
    state: 'pending',
    spoil: async () => undefined,
    worker: { indexSecrets: [{ version: 'v2', secret: new Uint8Array(32).map((_, i) => i) }] },
  },
  {
    why: 'a template that would send no number is a case',
    code: 'member_system_misconfigured',
    state: 'rejected',
    spoil: (stage) => stage.changeRow({ body_template: JSON.stringify({ hello: 'world' }) }),
  },
  {
    why: 'a URL that leads to another place for each member is a case',
    code: 'member_system_misconfigured',
    state: 'rejected',
    spoil: (stage) => stage.changeRow({ url_template: 'http://{external_id}.example/' }),
  },
  {
    why: 'an address of this machine is a case where the deployment is not local',
    code: 'address_refused',
    state: 'rejected',
    spoil: async () => undefined,
    worker: { deployment: 'test' },
  },
];

for (const { why, code, state, spoil, worker, sealer } of cases) {
  test(`${why} (${code})`, async () => {
    await using stage = await createStage();
    await spoil(stage);
    const { pushId } = await stage.addPush(sealer === undefined ? {} : { sealer });
    stage.work(worker);
    assert.equal((await stage.reaches(pushId, state, code)).http_status, null);
    assert.equal(stage.memberSystem.requests(), 0);
    assert.equal(await stage.cases(pushId), state === 'rejected' ? 1 : 0);
    if (state === 'pending') assert.equal((await stage.retryNow()).error_code, code);
  });
}
