import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { Failure } from '../../worker/failure.ts';
import { gather, logGatherFailures } from '../../worker/gather.ts';
import { until } from '../support/until.ts';

const unexpected = (error: unknown) => assert.fail(String(error));

test('what is asked at once, or while a call is under way, is asked together, and each gets its own answer', async () => {
  const asked: number[][] = [];
  const { promise: second, resolve: letGo } = Promise.withResolvers<void>();
  const double = gather(async (inputs: number[]) => {
    asked.push(inputs);
    if (asked.length === 1) await second;
    return inputs.map((input) => input * 2);
  }, unexpected);
  const first = [double(1), double(2)];
  await until('the first call', () => asked.length > 0);
  const later = [double(3), double(4), double(5)];
  letGo();
  assert.deepEqual(await Promise.all([...first, ...later]), [2, 4, 6, 8, 10]);
  assert.deepEqual(asked, [
    [1, 2],
    [3, 4, 5],
  ]);
});

test('one that is left out, and all of a call that fails, are answered with nothing, and the next ones are asked again', async () => {
  let fails = true;
  const failures: unknown[] = [];
  const odd = gather(
    async (inputs: number[]) => {
      if (fails) throw new Error('all of them');
      return inputs.map((input) => (input % 2 === 1 ? input : undefined));
    },
    (error) => failures.push(error),
  );
  assert.deepEqual(await Promise.all([odd(1), odd(2)]), [undefined, undefined]);
  assert.deepEqual(failures, [new Error('all of them')], 'and somebody hears of it, once for the call');
  fails = false;
  assert.deepEqual(await Promise.all([odd(1), odd(2)]), [1, undefined]);
});

test('a function for many that fails every time is a line in the log, once a minute, without what the database quotes', () => {
  const lines: string[] = [];
  const log = createLogger({ name: 'worker', level: 'info', destination: { write: (line) => void lines.push(line) } });
  let now = 0;
  const failed = logGatherFailures(log, () => now);
  const error = Object.assign(new Error('Key (personnummer_index)=(v1.secret) already exists.'), {
    code: '23505',
    severity: 'ERROR',
  });
  for (now of [0, 1_000, 59_000, 61_000]) failed('claim_pushes', new Failure('database_failed', { cause: error }));
  failed('finish_pushes', new Failure('database_failed', { cause: error }));
  const said = lines.map((line) => JSON.parse(line));
  assert.deepEqual(
    said.map(({ level, msg, function: name, times, err }) => [level, msg, name, times, err.code]),
    [
      ['warn', 'asked one by one', 'claim_pushes', 1, '23505'],
      ['warn', 'asked one by one', 'claim_pushes', 3, '23505'],
      ['warn', 'asked one by one', 'finish_pushes', 1, '23505'],
    ],
  );
  assert.doesNotMatch(lines.join(''), /v1\.secret/);
});
