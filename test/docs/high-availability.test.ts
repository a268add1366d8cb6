import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { parse } from 'yaml';
import { clusterSettings } from '../chaos/availability/node.ts';

test('the page has the settings that the chaos runs are made with', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/high-availability.md'), 'utf8');
  const block = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  assert.deepEqual(parse(block), clusterSettings);
});
