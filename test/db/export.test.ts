import assert from 'node:assert/strict';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { logInAsMember } from '../support/member.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { erase } from './support/erasing.ts';

type Export = {
  member_id: string;
  member_external_id: string;
  tables: Record<string, Record<string, unknown>[]>;
  left_out: Record<string, string[] | '*'>;
};

const exported = async (coordinator: Coordinator, id: string) =>
  (await coordinator.call('export_member', id)) as unknown as Export & { code?: string };

/** Kari, who has logged in, has a case, and was merged with another record of hers. */
async function kari(db: TestDatabase) {
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  const first = await addKari(db, callback, { external_id: 'first' });
  const second = await addMember(db, callback.organization, { external_id: 'second', personnummer: sampleNumbers[0] });
  const member = await logInAsMember(db, callback, { personnummer: sampleNumbers[0] });
  const [open] = await coordinator.query<{ id: string; version: number }>('select id, version from api.open_conflicts');
  await coordinator.call('add_comment', open?.id, 'she rang us');
  await coordinator.call('resolve_conflict', open?.id, 'merge_into', 'one person', open?.version);
  await addMember(db, callback.organization, {
    external_id: 'somebody else',
    given_name: 'Ola',
    email: 'ola@example.org',
  });
  return { callback, coordinator, first, second, member };
}

test('an export has every row about the person by table, merged records included, and none of anybody else', async () => {
  await using db = await createTestDatabase();
  const { coordinator, first, second, member } = await kari(db);
  await exported(coordinator, second.id); // is itself written down, and so is there the next time
  const found = await exported(coordinator, second.id);
  assert.equal(found.member_external_id, 'second');
  assert.deepEqual(found.tables['registry.members']?.map((row) => row.id).sort(), [first.id, second.id].sort());
  assert.deepEqual(
    await exported(coordinator, first.id).then(({ tables }) => Object.keys(tables)),
    Object.keys(found.tables),
  );
  for (const table of [
    'registry.observations',
    'registry.sessions',
    'registry.identity_links',
    'registry.conflict_comments',
  ])
    assert.equal(found.tables[table]?.length, 1, table);
  assert.ok(found.tables['audit.events']?.some(({ event }) => event === 'duplicate'));
  assert.equal(found.tables['registry.observations']?.[0]?.id, member.observationId);
  const text = JSON.stringify(found);
  for (const word of ['Ola', 'ola@example.org', 'somebody else']) assert.ok(!text.includes(word), word);
});

test('no form of a number but the masked one is in it, no hash of a token; what is left out is named', async () => {
  await using db = await createTestDatabase();
  const { coordinator, second } = await kari(db);
  const found = await exported(coordinator, second.id);
  const text = JSON.stringify(found.tables);
  assert.ok(text.includes('018150*****'));
  const { personnummer_index, personnummer_sealed } = await one(db, 'select * from registry.members where id = $1', [
    second.id,
  ]);
  const { token_hash } = await one(db, `select encode(token_hash, 'hex') as token_hash from registry.refresh_tokens`);
  for (const secret of [personnummer_index, personnummer_sealed, token_hash]) assert.ok(!text.includes(secret));
  assert.deepEqual([...(found.left_out['registry.members'] ?? [])].sort(), [
    'personnummer_index',
    'personnummer_sealed',
  ]);
  assert.ok(found.left_out['registry.refresh_tokens']?.includes('token_hash'));
});

test('every table of the catalog is in an export, or named as left out, or has nothing about the person', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ name: string }>(
    `select distinct schema_name || '.' || table_name as name from private.personal_data where found_by is not null`,
  );
  const { coordinator, second } = await kari(db);
  await exported(coordinator, second.id);
  const found = await exported(coordinator, second.id);
  const shown = new Set([...Object.keys(found.tables), ...Object.keys(found.left_out)]);
  for (const { name } of rows.filter((row) => !shown.has(row.name))) {
    const nothing = await one(db, `select count(*)::int as n from ${name}`);
    assert.equal(nothing.n, 0, `${name} has rows in this test, and they are not exported`);
  }
});

test('taking it out is written down; a foreign member and an unknown one are refused alike', async () => {
  await using db = await createTestDatabase();
  const { coordinator, second, member } = await kari(db);
  const stranger = await becomeCoordinator(db, (await actAsCallback(db)).organization);
  assert.equal((await exported(stranger, second.id)).code, 'not_found');
  assert.equal((await exported(stranger, coordinator.userId)).code, 'not_found');
  assert.equal((await member.call('export_member', second.id)).code, 'not_found');
  await exported(coordinator, second.id);
  const { rows } = await db.pool.query(
    `select source, actor, detail from audit.events where event = 'member_exported' and member_id = $1`,
    [second.id],
  );
  assert.deepEqual(rows, [
    { source: 'coordinator', actor: `coordinator:${coordinator.userId}`, detail: { records: 2 } },
  ]);
});

test('of an erased person there is the mark that is kept, without the receipt: that is given out once', async () => {
  await using db = await createTestDatabase();
  const { coordinator, second } = await kari(db);
  const erasureId = await erase(db, second);
  const receipt = 'to.the.person';
  await db.poolFor('sync_worker').query('select worker.store_receipt($1, $2)', [erasureId, receipt]);
  const found = await exported(coordinator, second.id);
  assert.equal(found.tables['registry.erasure_receipts']?.[0]?.erasure_id, erasureId);
  assert.deepEqual(found.left_out['registry.erasure_receipts'], ['receipt']);
  assert.ok(!JSON.stringify(found).includes(receipt));
});
