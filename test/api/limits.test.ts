import assert from 'node:assert/strict';
import { test } from 'vitest';
import { signAccessToken } from '../../local/access-token.ts';
import { actAsCallback } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { startTestPostgrest } from '../support/postgrest.ts';
import { addCoordinator, testKeys } from '../support/samples.ts';

test('a request that takes too long is ended with a code of its own, and a list without a limit has a thousand rows', async () => {
  await using db = await createTestDatabase();
  await using callback = await actAsCallback(db);
  await db.pool.query(
    `insert into registry.members (organization_id, external_id) select $1, 'm' || n from generate_series(1, 1001) as n`,
    [callback.organization.id],
  );
  await using api = await startTestPostgrest(db);
  const userId = await addCoordinator(db, callback.organization);
  const token = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, userId);
  const client = api.client(token);
  const everybody = await client.from('members').select('id');
  assert.equal(everybody.error, null);
  assert.equal(everybody.data?.length, 1000);

  // What nobody can finish: the table is held by somebody else for as long as the request lasts.
  const holder = await db.pool.connect();
  await holder.query('begin; lock table sync.pushes in access exclusive mode');
  const refused = await client.from('deliveries').select('id');
  await holder.query('rollback');
  holder.release();
  assert.deepEqual([refused.status, refused.error?.code], [500, '57014']);
  assert.match(refused.error?.message ?? '', /statement timeout/);
  assert.equal((await client.from('deliveries').select('id')).status, 200);
});
