import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import {
  addCoordinator,
  addMember,
  addMemberSystem,
  addOrganization,
  addProvider,
  asPersonnummer,
  sampleNumbers,
  testKeys,
} from '../support/samples.ts';

test('samples fill every table a login needs', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  await addProvider(db, organization);
  await addMemberSystem(db, organization);
  await addCoordinator(db, organization);
  const member = await addMember(db, organization, { given_name: 'Prøve', personnummer: sampleNumbers[0] });
  const { rows } = await db.pool.query('select * from registry.members where id = $1', [member.id]);
  assert.equal(rows[0].personnummer_masked, '018150*****');
  const { indexer, unsealer } = testKeys();
  assert.ok(indexer.matches(asPersonnummer(sampleNumbers[0]), organization.id, rows[0].personnummer_index));
  assert.equal((await unsealer.unseal(rows[0].personnummer_sealed)).reveal(), sampleNumbers[0]);
});

test('capturing is off where a sample asks for it', async () => {
  await using db = await createTestDatabase();
  const { id } = await addOrganization(db, { capture: false });
  const { rows } = await db.pool.query('select capture from registry.organizations where id = $1', [id]);
  assert.deepEqual(rows, [{ capture: false }]);
});
