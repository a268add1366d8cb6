import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather } from '../../worker/gather.ts';

test('what is asked at once, or while a call is under way, is asked together, and each gets its own answer', async () => {
  const asked: number[][] = [];
  const { promise: second, resolve: letGo } = Promise.withResolvers<void>();
  const double = gather(async (inputs: number[]) => {
    asked.push(inputs);
    if (asked.length === 1) await second;
    return inputs.map((input) => input * 2);
  });
  const first = [double(1), double(2)];
  while (asked.length === 0) await new Promise((done) => setImmediate(done));
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
  const odd = gather(async (inputs: number[]) => {
    if (fails) throw new Error('all of them');
    return inputs.map((input) => (input % 2 === 1 ? input : undefined));
  });
  assert.deepEqual(await Promise.all([odd(1), odd(2)]), [undefined, undefined]);
  fails = false;
  assert.deepEqual(await Promise.all([odd(1), odd(2)]), [1, undefined]);
});
