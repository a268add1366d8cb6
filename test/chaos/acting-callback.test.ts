import assert from 'node:assert/strict';
import { test } from 'vitest';
import { findFreePort } from '../../local/free-port.ts';
import { createKeys } from '../../local/keys.ts';
import { sampleNumbers } from '../support/samples.ts';
import { actAsCallback, reasonOf } from './load/acting-callback.ts';
import { asFigures, createTally } from './load/tally.ts';
import type { AnyWorld } from './world.ts';

test('a login that is given up says why, and the report counts it', async () => {
  const url = `postgres://auth_callback:x@127.0.0.1:${await findFreePort()}/nowhere`;
  const world = { keys: createKeys(), callbacks: [undefined], urlFor: () => url } as unknown as AnyWorld;
  const callback = actAsCallback(world);
  const [number = ''] = sampleNumbers;
  const member = { organization: 'nhf', organizationId: crypto.randomUUID() } as AnyWorld['members'][number];
  const reasons = createTally();
  for (let login = 0; login < 2; login += 1) {
    const recorded = await callback.record(member, number);
    assert.ok('gaveUp' in recorded);
    reasons.count(recorded.gaveUp);
  }
  await callback.close();
  assert.deepEqual(asFigures('got no answer', reasons.counts), { 'got no answer: ECONNREFUSED': 2 });
});

test('a reason has no value in it', () => {
  const quoting = Object.assign(new Error('Key (phone)=(+4799999999) already exists'), {
    code: '23505',
    severity: 'ERROR',
  });
  assert.equal(reasonOf(quoting), '23505');
  assert.equal(
    reasonOf(new Error('timeout exceeded when trying to connect')),
    'timeout exceeded when trying to connect',
  );
});
