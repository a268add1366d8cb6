import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { blocks, names, readPage, tableRows } from './markdown.ts';

const page = await readPage('data-protection.md');

test('every table with something about a member is on the page, and no other', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ name: string }>(
    `select distinct schema_name || '.' || table_name as name from private.personal_data where found_by is not null`,
  );
  const told = tableRows(page, '## What is stored, where, why, how long, who sees it').flatMap(([first]) =>
    names(first),
  );
  assert.deepEqual(told.toSorted(), rows.map(({ name }) => name).toSorted());
});

test('what must be recorded before capturing is what capturing asks for', async () => {
  await using db = await createTestDatabase();
  const told = tableRows(page, '## What must be recorded before numbers are captured').flatMap(([first]) =>
    names(first),
  );
  const { rows } = await db.pool.query<{ expression: string }>(
    `select pg_get_expr(d.adbin, d.adrelid) as expression from pg_attrdef as d
     join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
     where d.adrelid = 'registry.organizations'::regclass and a.attname = 'capture'`,
  );
  const asked = [...(rows[0]?.expression ?? '').matchAll(/(\w+) IS NOT NULL/g)].map(([, name]) => name);
  assert.deepEqual(told.toSorted(), asked.toSorted());
  for (const sql of blocks(page, 'sql')) await db.pool.query(sql);
});
