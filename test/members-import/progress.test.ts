import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'vitest';
import { showProgress } from '../../runtime/csv/progress.ts';

/** What is written to a terminal, or to a file. */
function fakeStream(isTTY: boolean) {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk) => (text += chunk));
  return { stream: Object.assign(stream, { isTTY, columns: 100 }) as unknown as NodeJS.WriteStream, text: () => text };
}

test('on a terminal a bar shows rows, rate and remaining time', async () => {
  const { stream, text } = fakeStream(true);
  let clock = 0;
  const progress = showProgress({ stream, total: 1_000, now: () => clock });
  progress.advance(0, 0);
  clock = 10_000;
  progress.advance(250, 5_000);
  progress.stop();
  await new Promise(setImmediate);
  assert.match(text(), /=+ +25% \| 5000 rows \| 500 rows\/s \| 30s left/);
});

test('elsewhere there are plain lines, one every few seconds', async () => {
  const { stream, text } = fakeStream(false);
  let clock = 0;
  const progress = showProgress({ stream, total: 100_000, now: () => clock, everyMs: 5_000 });
  // An earlier start has done a tenth, in no time.
  progress.advance(10_000, 0);
  for (clock = 1_000; clock <= 10_000; clock += 1_000) progress.advance(10_000 + clock, clock);
  progress.stop();
  await new Promise(setImmediate);
  assert.equal(text(), '15% | 5000 rows | 1000 rows/s | 1m 25s left\n20% | 10000 rows | 1000 rows/s | 1m 20s left\n');
});
