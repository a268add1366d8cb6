import assert from 'node:assert/strict';
import { test } from 'vitest';
import type { RunningProgram } from '../../local/program.ts';
import { keepAlive } from '../../local/stack/keep-alive.ts';

/** A program that ends when the test says so. */
function createFake() {
  const starts: PromiseWithResolvers<string>[] = [];
  const start = async (): Promise<RunningProgram> => {
    const end = Promise.withResolvers<string>();
    starts.push(end);
    return {
      name: 'fake',
      pid: starts.length,
      logFile: 'fake.log',
      ended: end.promise,
      stop: async () => end.resolve('exit code 0'),
    };
  };
  return { start, starts };
}

/** Kept, with everything it says. */
async function keep(now: () => number) {
  const fake = createFake();
  const said: string[] = [];
  let news = Promise.withResolvers<void>();
  const tell = (line: string) => {
    said.push(line);
    news.resolve();
    news = Promise.withResolvers();
  };
  const options = { report: () => undefined, replaced: () => tell('replaced'), gaveUp: tell };
  const kept = await keepAlive(fake.start, options, now);
  const end = async (how: string) => {
    const next = news.promise;
    fake.starts.at(-1)?.resolve(how);
    await next;
    return said.at(-1);
  };
  return { ...fake, kept, end };
}

test('a program is started again however it ended', async () => {
  let now = 0;
  const { kept, end } = await keep(() => now);
  for (const how of ['SIGTERM', 'SIGKILL', 'exit code 0', 'exit code 1', 'exit code 137']) {
    assert.equal(await end(how), 'replaced', how);
    now += 60_000;
  }
  assert.equal(kept.current().pid, 6);
});

test('one that ends again and again is given up, with the way to its log', async () => {
  let now = 0;
  const { starts, end } = await keep(() => now);
  for (let nth = 1; nth <= 5; nth += 1) assert.equal(await end('exit code 1'), 'replaced');
  assert.equal(await end('exit code 1'), 'fake ended 6 times within a minute, now with exit code 1; see fake.log');
  assert.equal(starts.length, 6);

  const other = await keep(() => now);
  for (let nth = 1; nth <= 20; nth += 1) {
    assert.equal(await other.end('exit code 1'), 'replaced');
    now += 12_000;
  }
});

test('one that is stopped stays stopped', async () => {
  const { kept, starts } = await keep(() => 0);
  await kept.stop();
  assert.equal(await starts[0]?.promise, 'exit code 0');
  await new Promise(setImmediate);
  assert.equal(starts.length, 1);
});
