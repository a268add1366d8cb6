import assert from 'node:assert/strict';
import { test } from 'vitest';
import { signAccessToken } from '../../local/access-token.ts';
import { createTestDatabase } from '../support/database.ts';
import { startTestPostgrest } from '../support/postgrest.ts';
import { addCoordinator, addOrganization, testKeys } from '../support/samples.ts';

test('a coordinator reads the api with supabase-js, and nobody else does', async () => {
  await using db = await createTestDatabase();
  await using postgrest = await startTestPostgrest(db);
  const coordinator = await addCoordinator(db, await addOrganization(db));
  const token = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, coordinator);
  const allowed = await postgrest.client(token).from('open_conflicts').select('*');
  assert.deepEqual([allowed.status, allowed.data], [200, []]);
  const refused = await postgrest.client().from('open_conflicts').select('*');
  assert.equal(refused.status, 401);
});
