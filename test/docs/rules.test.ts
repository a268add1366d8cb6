import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { names, readPage, tableRows } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const OURS = ['node_modules', '.local', '.test', join('docs', 'rules.md'), join('test', 'docs', 'rules.test.ts')];

const page = await readPage('rules.md');

/** Everything in which a rule may be cited. */
const source = globSync('**/*.{ts,sql,md}', { cwd: ROOT, exclude: OURS })
  .map((file) => readFileSync(join(ROOT, file), 'utf8'))
  .join('\n');

/** What a citation names: `C1`, or several in a row. */
function cited(pattern: RegExp): string[] {
  const lists = [...source.matchAll(pattern)].flatMap(([, list]) => list?.split(/, | and /) ?? []);
  return [...new Set(lists)].toSorted();
}

const explained = (heading: string) =>
  tableRows(page, heading)
    .flatMap(([id]) => names(id))
    .toSorted();

test('every rule that the source cites is on the page, and no other', () => {
  const rule = '[A-Z]\\d{1,2}';
  const full = cited(new RegExp(`security-and-reliability (\\d|${rule}(?:, ${rule})*)`, 'g'));
  const short = cited(new RegExp(`\\((${rule}(?:, ${rule})*)\\)`, 'g'));
  assert.deepEqual(explained('## Security and reliability'), [...new Set([...full, ...short])].toSorted());
});

test('every section of the design that the source cites is on the page, and no other', () => {
  assert.deepEqual(explained('## Design'), cited(/design section (\d+(?: and \d+)*)/g));
  assert.deepEqual(explained('## Mission'), cited(/[Mm]ission document (\d+)/g));
});
