import assert from 'node:assert/strict';
import { test } from 'vitest';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import { createTestDatabase } from '../support/database.ts';

const UNCOMMENTED = `
  select 'schema ' || n.nspname as object from pg_namespace n
  where n.nspname = any ($1) and obj_description(n.oid, 'pg_namespace') is null
  union all
  select 'relation ' || c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any ($1) and c.relkind in ('r', 'v', 'm', 'p') and obj_description(c.oid, 'pg_class') is null
  union all
  select 'column ' || c.oid::regclass || '.' || a.attname
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = any ($1) and c.relkind in ('r', 'p', 'c', 'v', 'm') and a.attnum > 0 and not a.attisdropped
    and col_description(c.oid, a.attnum) is null
  union all
  select 'function ' || p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = any ($1) and obj_description(p.oid, 'pg_proc') is null
  union all
  select 'type ' || t.oid::regtype from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where n.nspname = any ($1) and (t.typtype in ('e', 'd') or t.typtype = 'c' and exists (
      select from pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
    and obj_description(t.oid, 'pg_type') is null`;

test('every schema, table, view, column, function and type says what it is', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ object: string }>(UNCOMMENTED, [OUR_SCHEMAS]);
  assert.deepEqual(
    rows.map(({ object }) => object),
    [],
  );
});
