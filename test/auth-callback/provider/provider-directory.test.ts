import assert from 'node:assert/strict';
import { test } from 'vitest';
import { DatabaseBudget } from '../../../auth-callback/database/database-budget.ts';
import { createProviderDirectory } from '../../../auth-callback/provider/provider-directory.ts';
import type { ProviderRow } from '../../../auth-callback/provider/provider-row.ts';

const rows = [{ organization: 'nhf', provider: 'vipps' }] as ProviderRow[];

/** A database that a test switches off, and a clock that it moves. */
function setUp() {
  const state = { now: 0, loads: 0, down: false, failures: 0 };
  const directory = createProviderDirectory({
    load: async () => {
      state.loads += 1;
      if (state.down) throw new Error('down');
      return rows;
    },
    onFailure: () => {
      state.failures += 1;
    },
    now: () => state.now,
  });
  const find = () => directory.find('nhf', 'vipps', new DatabaseBudget());
  return { state, directory, find };
}

test('rows are read at most every thirty seconds, by any number of requests at once', async () => {
  const { state, find } = setUp();
  await Promise.all(Array.from({ length: 50 }, find));
  assert.equal(state.loads, 1);
  state.now += 29_000;
  await find();
  assert.equal(state.loads, 1);
  state.now += 2_000;
  await Promise.all(Array.from({ length: 50 }, find));
  assert.equal(state.loads, 2);
});

test('while the database is away the rows at hand serve for a quarter of an hour, and it is asked only now and then', async () => {
  const { state, find } = setUp();
  await find();
  state.down = true;
  state.now += 60_000;
  for (let login = 0; login < 10; login += 1) assert.equal((await find())?.organization, 'nhf');
  assert.deepEqual([state.loads, state.failures], [2, 1]);
  state.now += 15 * 60_000;
  await assert.rejects(find(), { code: 'providers_unavailable', status: 503 });
  state.down = false;
  state.now += 2_000;
  assert.equal((await find())?.provider, 'vipps');
});

test('with no rows at all a request fails, and the next ones do not wait for the database', async () => {
  const { state, find } = setUp();
  state.down = true;
  await assert.rejects(find(), { status: 503 });
  await assert.rejects(find(), { status: 503 });
  assert.equal(state.loads, 1);
});

test('an organisation or provider that is not there is not found', async () => {
  const { directory } = setUp();
  assert.equal(await directory.find('nhf', 'bankid', new DatabaseBudget()), undefined);
  assert.equal(await directory.find('__proto__', 'vipps', new DatabaseBudget()), undefined);
});
