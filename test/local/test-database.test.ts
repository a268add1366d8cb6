import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { LOGIN_ROLES } from '../../local/login-roles.ts';
import { createTestDatabase } from '../support/database.ts';

test('a test database is migrated and its own', async () => {
  await using one = await createTestDatabase();
  await using other = await createTestDatabase();
  assert.notEqual(one.name, other.name);
  const { rows } = await one.pool.query(`select to_regclass('registry.members') is not null as there`);
  assert.deepEqual(rows, [{ there: true }]);
});

for (const role of LOGIN_ROLES) {
  test(`the role ${role} can log in to a test database`, async () => {
    await using db = await createTestDatabase();
    const client = new pg.Client({ connectionString: db.urlFor(role) });
    await client.connect();
    const { rows } = await client.query('select current_user::text as name');
    await client.end();
    assert.deepEqual(rows, [{ name: role }]);
  });
}
