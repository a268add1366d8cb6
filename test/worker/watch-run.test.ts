import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { WorkerEvents } from 'graphile-worker';
import { afterEach, beforeEach, test, vi } from 'vitest';
import { watchRun } from '../../worker/watch-run.ts';

// The clock is the test's own: on a loaded machine timers are late, and a run would be given up for it.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const quick = { endMs: 40, lookMs: 120, everyMs: 5 };

/** Whether the run is given up within a time, while something goes on every few milliseconds. */
async function givenUp(action: (events: EventEmitter) => void, withinMs: number): Promise<boolean> {
  const events = new EventEmitter();
  const signs = watchRun(events as WorkerEvents, quick);
  const timer = setInterval(() => action(events), 10);
  action(events);
  let given = false;
  void signs.hangs.then(() => {
    given = true;
  });
  await vi.advanceTimersByTimeAsync(withinMs);
  clearInterval(timer);
  signs.stop();
  return given;
}

test('a run that looks for jobs, or finishes some, is left alone', async () => {
  assert.equal(await givenUp((events) => events.emit('worker:getJob:start', {}), 300), false);
  assert.equal(await givenUp((events) => events.emit('job:complete', {}), 300), false);
});

test('a run that does nothing at all is given up', async () => {
  assert.equal(await givenUp(() => undefined, 1_000), true);
});

test('a run that begins to shut down and does not come to its end is given up soon, whatever else it says', async () => {
  const ending = (events: EventEmitter) => {
    events.emit('pool:gracefulShutdown', {});
    events.emit('worker:getJob:start', {});
  };
  assert.equal(await givenUp(ending, 100), true);
});
