import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { createMetrics as callbackMetrics } from '../../auth-callback/http/metrics.ts';
import { createMetrics as deskMetrics } from '../../coordinator-desk/http/metrics.ts';
import { createTestDatabase } from '../support/database.ts';
import { blocks, names, readPage, tableRows } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const page = await readPage('operations.md');
const programs = [
  {
    heading: '## The callback',
    folder: 'auth-callback',
    prefix: 'auth_callback_',
    createMetrics: () => callbackMetrics({ withProcess: false, droppedSpans: () => 0 }),
  },
  {
    heading: '## The desk',
    folder: 'coordinator-desk',
    prefix: 'coordinator_desk_',
    createMetrics: () => deskMetrics({ withProcess: false }),
  },
];

for (const { heading, folder, prefix, createMetrics } of programs) {
  const described = tableRows(page, heading).flatMap(([first]) => names(first));

  test(`every metric of ${folder} is on the page, and no other`, async () => {
    const text = await createMetrics().text();
    const metrics = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    assert.deepEqual(described.filter((name) => name.startsWith(prefix)).toSorted(), metrics.toSorted());
  });

  test(`every event that ${folder} logs as a warning or an error is on the page, and no other`, () => {
    const files = globSync(`${folder}/**/*.ts`, { cwd: ROOT });
    const source = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
    const logged = source.matchAll(/\.(?:warn|error)\(\s*\{ event: '([a-z_]+)'|\bwarn\('([a-z_]+)'\)/g);
    const events = new Set([...logged].map(([, line, failure]) => line ?? failure));
    assert.deepEqual(described.filter((name) => !name.startsWith(prefix)).toSorted(), [...events].toSorted());
  });
}

test('every statement of the page is one that the database takes', async () => {
  await using db = await createTestDatabase();
  const id = '00000000-0000-0000-0000-000000000001';
  const key = '{"kty":"OKP","crv":"X25519","kid":"office-1"';
  for (const sql of blocks(page, 'sql')) {
    assert.doesNotMatch(sql, /delete/);
    await db.pool.query(sql.replace(`'…'`, `'${id}'`).replace(/'\{"kty".*?\}'/, `'${key}}'`));
  }
});
