import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { parse } from 'yaml';
import { clusterSettings } from '../chaos/availability/node.ts';

test('the page has the settings that the chaos runs are made with', () => {
  const page = readFileSync(new URL('../../docs/high-availability.md', import.meta.url), 'utf8');
  const block = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  assert.deepEqual(parse(block), clusterSettings);
});
