import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { keepRunning } from '../../worker/keep-running.ts';
import type { QueueRun } from '../../worker/queue.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** A run that lasts until it is ended from outside, or stopped. */
function createRun(poolId: string): QueueRun & { end(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { poolId, ended: promise, end: resolve, stop: async () => resolve() };
}

/** As soon as it holds, before anything else happens: `until` of the other tests looks less often. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'waited a minute in vain');
    await turn();
  }
}

test('a run that ends unasked is followed by another, which first gives back the jobs of the one before', async () => {
  const events: string[] = [];
  const runs: ReturnType<typeof createRun>[] = [];
  const queue = keepRunning({
    log,
    longestPauseMs: 1,
    giveUpAfterMs: 10_000,
    async start(onListening) {
      const run = createRun(`pool-${runs.push(createRun('')) - 1}`);
      runs[runs.length - 1] = run;
      events.push(`start ${run.poolId}`);
      onListening();
      return run;
    },
    unlock: async (poolIds) => void events.push(`unlock ${poolIds}`),
  });
  await until(() => queue.running());
  runs[0]?.end();
  await until(() => runs.length === 2 && queue.running());
  await queue.stop();
  assert.deepEqual(events, ['start pool-0', 'unlock pool-0', 'start pool-1']);
  assert.equal(queue.running(), false);
});

test('a queue that cannot start is tried until it can', async () => {
  let tries = 0;
  const queue = keepRunning({
    log,
    longestPauseMs: 1,
    giveUpAfterMs: 10_000,
    async start() {
      tries += 1;
      if (tries < 4) throw new Error('connection refused');
      return createRun('pool');
    },
    unlock: async () => undefined,
  });
  await until(() => queue.running());
  assert.equal(tries, 4);
  await queue.stop();
});

test('jobs that could not be given back are given back at the next try', async () => {
  const unlocked: string[][] = [];
  let started = 0;
  const queue = keepRunning({
    log,
    longestPauseMs: 1,
    giveUpAfterMs: 10_000,
    async start() {
      const run = createRun(`pool-${started++}`);
      if (started === 1) run.end();
      return run;
    },
    async unlock(poolIds) {
      unlocked.push([...poolIds]);
      if (unlocked.length === 1) throw new Error('still away');
    },
  });
  await until(() => started === 2 && queue.running());
  await queue.stop();
  assert.deepEqual(unlocked, [['pool-0'], ['pool-0']]);
});

test('a database that stays away too long ends the program', async () => {
  const queue = keepRunning({
    log,
    longestPauseMs: 5,
    giveUpAfterMs: 30,
    start: async () => Promise.reject(new Error('connection refused')),
    unlock: async () => undefined,
  });
  await assert.rejects(queue.ended, { message: 'queue_given_up' });
});

test('a stop during the pause ends it at once', async () => {
  let tries = 0;
  const queue = keepRunning({
    log,
    giveUpAfterMs: 100_000,
    async start() {
      tries += 1;
      throw new Error('connection refused');
    },
    unlock: async () => undefined,
  });
  await until(() => tries === 1);
  await queue.stop();
  assert.equal(tries, 1);
});

test('a stop while the queue is starting stops it as soon as it has started', async () => {
  const starting = Promise.withResolvers<QueueRun>();
  const run = createRun('pool');
  const queue = keepRunning({
    log,
    giveUpAfterMs: 1_000,
    start: () => starting.promise,
    unlock: async () => undefined,
  });
  const stopped = queue.stop();
  starting.resolve(run);
  await stopped;
  await run.ended;
});
