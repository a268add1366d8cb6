import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('./stoppable-program.ts', import.meta.url));

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} runs the steps in their order and exits with 0`, async () => {
    const run = start('well');
    await run.said('ready');
    run.child.kill(signal);
    assert.equal(await run.exitCode, 0);
    assert.deepEqual(run.steps(), ['server stopped', 'queue stopped', 'database stopped']);
  });
}

test('a step that fails is logged, the rest still runs, and the exit code is 1', async () => {
  const run = start('fails');
  await run.said('ready');
  run.child.kill('SIGTERM');
  assert.equal(await run.exitCode, 1);
  assert.deepEqual(run.steps(), ['server stopped', 'queue could not be stopped', 'database stopped']);
});

test('a second signal ends a program whose stopping hangs', async () => {
  const run = start('hangs');
  await run.said('ready');
  run.child.kill('SIGTERM');
  await run.said('stopped');
  run.child.kill('SIGTERM');
  assert.equal(await run.exitCode, 1);
});

test('a program that is not stopped in time exits with 1 by itself', async () => {
  const run = start('hangs past its time');
  await run.said('ready');
  run.child.kill('SIGTERM');
  assert.equal(await run.exitCode, 1);
  assert.deepEqual(run.steps(), ['server stopped']);
});

test('an exception nobody caught is logged without its values and ends the program', async () => {
  const run = start('throws');
  assert.equal(await run.exitCode, 1);
  assert.match(run.output(), /exception nobody caught/);
  assert.doesNotMatch(run.output(), /01815025039|Nordmann/);
});

type Line = { msg: string; step?: string };
type Run = {
  child: ChildProcessByStdio<null, Readable, Readable>;
  exitCode: Promise<number | null>;
  said(message: string): Promise<void>;
  steps(): string[];
  output(): string;
};

function start(mode: string): Run {
  const child = spawn(process.execPath, [program, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: Line[] = [];
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const reader: Interface = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    output += line;
    lines.push(JSON.parse(line) as Line);
  });
  const exitCode = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(([[code]]) => code as number | null);
  return {
    child,
    exitCode,
    async said(message) {
      await until(message, () => lines.some(({ msg }) => msg === message));
    },
    steps: () => lines.flatMap(({ step, msg }) => (step === undefined ? [] : [`${step} ${msg}`])),
    output: () => output,
  };
}
