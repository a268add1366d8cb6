import assert from 'node:assert/strict';
import { test } from 'vitest';
import { tryAgain } from '../../worker/attempts.ts';

function failing(times: number) {
  let calls = 0;
  return {
    calls: () => calls,
    async action() {
      calls += 1;
      if (calls <= times) throw new Error(`failure ${calls}`);
      return calls;
    },
  };
}

test('an action that works is called once', async () => {
  const { action, calls } = failing(0);
  assert.equal(await tryAgain(action, [1, 1], () => assert.fail()), 1);
  assert.equal(calls(), 1);
});

test('an action that fails for a moment is called until it works', async () => {
  const heard: unknown[] = [];
  assert.equal(await tryAgain(failing(2).action, [1, 1], (error) => heard.push(error)), 3);
  assert.deepEqual(heard.map(String), ['Error: failure 1', 'Error: failure 2']);
});

test('an action that keeps failing throws its last failure', async () => {
  const { action, calls } = failing(9);
  await assert.rejects(
    tryAgain(action, [1, 1], () => undefined),
    { message: 'failure 3' },
  );
  assert.equal(calls(), 3);
});
