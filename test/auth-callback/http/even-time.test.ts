import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { startBeat } from '../../../auth-callback/http/even-time.ts';

test('an answer comes at a whole beat, however long the work before it took', async () => {
  const lengths = await Promise.all(
    [0, 5, 100, 300, 450].map(async (work) => {
      const startedAt = performance.now();
      const beat = startBeat();
      await sleep(work);
      await beat.next();
      return [work, performance.now() - startedAt] as const;
    }),
  );
  for (const [work, took] of lengths) {
    const beats = work < 400 ? 1 : 2;
    // A timer may be a millisecond early; how late it is, is the machine's business.
    assert.ok(took >= beats * 400 - 2, `${work} ms of work, answered after ${took} ms`);
  }
});
