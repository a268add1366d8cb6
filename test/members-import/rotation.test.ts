import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createSecret } from '../../key-tools/new-keys.ts';
import { testKeys } from '../support/samples.ts';
import { createImportWorld, csv } from './support/run-import.ts';

const HEADER = 'external_id,given_name,personnummer';

test('while the index key is rotated, a number is the same number under either version', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,01815025039', '2,Kari,'));
  const before = await world.members();
  const { environment } = testKeys();
  const rotated = { PERSONNUMMER_INDEX_SECRETS: `${createSecret('v2')},${environment.PERSONNUMMER_INDEX_SECRETS}` };
  const path = world.file('again.csv', csv(HEADER, '1,Ola,01815025039', '2,Kari,01815025039'));
  const { code, out } = await world.startWith(rotated, path).finished;
  assert.equal(code, 0);
  assert.match(out, /unchanged {2}2[\s\S]*because another member has them: 1/);
  assert.deepEqual(await world.members(), before);
});
