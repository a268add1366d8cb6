import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'vitest';
import mutationTests from './vitest.config.ts';

// A file that was renamed would silently go without.
test('every file and test that mutation of TypeScript names is there', () => {
  const { mutate } = JSON.parse(readFileSync('stryker.config.json', 'utf8')) as { mutate: string[] };
  for (const pattern of [...mutate, ...(mutationTests.test?.include ?? [])]) {
    assert.ok(globSync(pattern).length > 0, pattern);
  }
});
