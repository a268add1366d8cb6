import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { missingEntries } from '../.ci/complete-lock.ts';

const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

test('package-lock.json has every optional package, also those of other platforms, so that npm ci takes it', () => {
  assert.deepEqual(Object.keys(missingEntries(lock.packages)), [], 'run `node .ci/complete-lock.ts`');
});

test('package-lock.json names no registry', () => {
  const packages = Object.values(lock.packages) as { resolved?: string }[];
  assert.ok(packages.every(({ resolved }) => resolved === undefined));
});
