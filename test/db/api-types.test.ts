import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'vitest';
import { COLUMNS, REPLIES, TYPES } from '../../db/api-types/declared.ts';
import { parseNodeTree } from '../../db/api-types/node-tree.ts';
import { readApi } from '../../db/api-types/read-api.ts';
import { isRefusal, type RefusalCode } from '../../db/api-types.gen.ts';
import { generateTypes, TYPES_FILE } from '../../db/generate-types.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { becomeCoordinator, type Reply } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/** Before PostgreSQL 16 a stored view does not say which columns an outer join can empty. */
const tooOld = async (db: TestDatabase) =>
  (await one<{ old: boolean }>(db, `select current_setting('server_version_num')::int < 160000 as old`)).old;

/** The declared type's own fields, without the question marks. */
const declared = (type: string) => Object.keys(TYPES[type]?.fields ?? {}).map((field) => field.replace('?', ''));

test('db/api-types.gen.ts says what the migrations make', async ({ skip }) => {
  await using db = await createTestDatabase();
  if (await tooOld(db)) return skip('PostgreSQL 15 does not tell enough of its views');
  const stale = (await generateTypes(db.pool)) !== (await readFile(TYPES_FILE, 'utf8'));
  assert.ok(!stale, 'db/api-types.gen.ts has drifted: run `npm run db:types`');
});

test('a column is never null only where that is plain', async ({ skip }) => {
  await using db = await createTestDatabase();
  if (await tooOld(db)) return skip('PostgreSQL 15 does not tell enough of its views');
  await db.pool.query(`create view api.specimen as
    select c.id, m.id as outer_joined, m.email, coalesce(m.phone, 'none') as phone, lower(c.fingerprint) as computed,
           n.how_many, n.latest, coalesce(n.total, 0) as total
    from registry.conflicts as c left join registry.members as m on m.id = c.member_id
    cross join lateral (
      select count(*) as how_many, max(o.received_at) as latest, sum(1) as total from registry.observations as o) as n;
    comment on column api.specimen.id is 'Which case.'`);
  const specimen = (await readApi(db.pool)).views.find(({ name }) => name === 'specimen');
  const never = specimen?.columns.filter(({ notNull }) => notNull).map(({ name }) => name);
  assert.deepEqual(never, ['id', 'phone', 'how_many', 'total']);
  assert.equal(specimen?.columns[0]?.comment, 'Which case.');
});

test('a node tree is read with its escapes, constants and empty values', () => {
  assert.deepEqual(parseNodeTree('{CONST :constvalue 4 [ 0 -1 ] :name "a\\"b {" :none <> :set (b 1) :word x\\ y}'), {
    kind: 'CONST',
    fields: { constvalue: ['4', '[', '0', '-1', ']'], name: 'a"b {', none: null, set: ['b', '1'], word: 'x y' },
  });
  assert.throws(() => parseNodeTree('{VAR :varno'), /ends too early/);
});

test('the functions answer with the fields that are declared for them', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  const answers = async (name: string, ...arguments_: unknown[]): Promise<Reply> => {
    const reply = await coordinator.call(name, ...arguments_);
    const declarations = (REPLIES[name] ?? '').split(' | ').map((type) => declared(type).sort().join());
    assert.ok(declarations.includes(Object.keys(reply).sort().join()), `${name}: ${Object.keys(reply)}`);
    return reply;
  };
  const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
  const { members } = (await answers('find_members', 'kari')) as { members: object[] };
  assert.deepEqual(Object.keys(members[0] ?? {}).sort(), declared('FoundMember').sort());
  await callback.login({ personnummer: NUMBER });
  const { id } = await one<{ id: string }>(db, 'select id from registry.conflicts');
  await answers('resolve_conflict', id, 'accept_observed', 'seen the passport', 1);
  await answers('undo_resolution', id, 'wrong person');
  await db.pool.query(`update sync.pushes set error_code = 'http_5xx' where state = 'pending'`);
  const push = await one<{ id: string }>(db, `select id from sync.pushes where state = 'pending'`);
  await answers('retry_sync', push.id);
  await answers('retry_sync', null, null, 'http_5xx');
  const stranger = { subject: 'nobody', phone: null, email: null };
  const { observation_id } = await callback.login(stranger);
  await answers('link_login', observation_id, kari.id, null);
});

test('the jsonb columns of cases and logins hold no field that is not declared', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: OTHER_NUMBER });
  await callback.login({ personnummer: NUMBER });
  await addKari(db, callback, { phone: '+4790000055', email: 'other@example.org' });
  await callback.login({ subject: 'between two', email: 'other@example.org' });
  await callback.pool.query(
    `select login.record_revocation($1, 'vipps', 'subject-of-kari', 'CONSENT_REVOKED', now(), false)`,
    [callback.organization.slug],
  );
  const { rows } = await db.pool.query<{ key: string }>(
    `select distinct jsonb_object_keys(detail) as key from registry.conflicts
     union select jsonb_object_keys(explanation) from registry.observations where member_id is null`,
  );
  assert.ok(rows.some(({ key }) => key === 'verified') && rows.length > 8);
  const known = declared(COLUMNS['open_conflicts.detail'] as string);
  assert.deepEqual(
    rows.map(({ key }) => key).filter((key) => !known.includes(key)),
    [],
  );
});

test('a refusal is told from other errors', () => {
  const stale: RefusalCode = 'stale_version';
  assert.equal(isRefusal({ code: stale }), true);
  assert.equal(isRefusal({ code: 'PGRST301' }), false);
  assert.equal(isRefusal({ code: 'toString' }), false);
  assert.equal(isRefusal(null), false);
});
