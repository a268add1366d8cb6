import assert from 'node:assert/strict';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { Failure } from '../../worker/failure.ts';
import { createLeases } from '../../worker/leases.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pause = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const lost = (error: unknown) => error instanceof Failure && error.code === 'lease_lost';

test('a lease that is renewed goes on, one that is not ends', async () => {
  const leases = createLeases();
  using renewed = leases.hold('a', '1', performance.now(), 1_100);
  using other = leases.hold('b', '1', performance.now(), 1_100);
  leases.renewed(performance.now() + 5_000, ['b']);
  assert.throws(() => other.assertHeld(), lost);
  await pause(150);
  renewed.assertHeld();
  assert.equal(renewed.signal.aborted, false);
});

test('a lease ends by itself before the database lets others have the push', async () => {
  const leases = createLeases();
  using lease = leases.hold('a', '1', performance.now(), 1_050);
  lease.assertHeld();
  await pause(100);
  assert.equal(lease.signal.aborted, true);
  assert.ok(lost(lease.signal.reason));
});

test('a process that was paused notices before it sends, without waiting for a timer', () => {
  const leases = createLeases();
  using lease = leases.hold('a', '1', performance.now() - 60_000, 15_000);
  assert.throws(() => lease.assertHeld(), lost);
});

test('what is over is held no more, and what was claimed again meanwhile still is', () => {
  const leases = createLeases();
  const first = leases.hold('a', '1', performance.now(), 15_000);
  using second = leases.hold('a', '2', performance.now(), 15_000);
  first[Symbol.dispose]();
  assert.deepEqual(leases.held(), { ids: ['a'], fencingTokens: ['2'] });
  second.assertHeld();
});
