import assert from 'node:assert/strict';
import { test } from 'vitest';
import { actAsCallback, addKari, counts, KARI, one } from '../support/acting-callback.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { pushWorker } from '../support/push-worker.ts';
import { addOrganization, sampleNumbers } from '../support/samples.ts';
import { createTestSealer, horizonPasses, verifyTestAudit } from '../support/sealing.ts';
import { erase, everyRow } from './support/erasing.ts';

test('every column of every table is in the catalog of personal data once, and nothing else is', async () => {
  await using db = await createTestDatabase();
  const { rows: columns } = await db.pool.query(
    `select n.nspname || '.' || c.relname || '.' || a.attname as column
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname in ('registry', 'sync', 'audit', 'private', 'reporting', 'billing') and c.relkind in ('r', 'p', 'm') and a.attnum > 0 and not a.attisdropped`,
  );
  const { rows: catalog } = await db.pool.query(
    `select schema_name || '.' || table_name || '.' || column_name as column from private.personal_data`,
  );
  assert.deepEqual(catalog.map((row) => row.column).sort(), columns.map((row) => row.column).sort());
  const { rows: odd } = await db.pool.query(
    `select distinct class, found_by is null as nobodys, gone is null as stays from private.personal_data order by 1`,
  );
  assert.deepEqual(odd, [
    { class: 'erased', nobodys: false, stays: false },
    { class: 'kept', nobodys: false, stays: true },
    { class: 'not personal', nobodys: true, stays: true },
  ]);
  // Each predicate is one that can be asked.
  const { rows: predicates } = await db.pool.query(
    `select distinct format('select count(*) from %I.%I as t, (select (private.find_person(null, null)).*) as p where %s',
       schema_name, table_name, found_by) as question from private.personal_data where found_by is not null`,
  );
  for (const { question } of predicates) await db.pool.query(question);
});

/** A person of whom the system holds something everywhere: logins, a case with texts, a decision, a delivered number. */
async function lived(db: TestDatabase) {
  const callback = await actAsCallback(db);
  const coordinator = await becomeCoordinator(db, callback.organization);
  const kari = await addKari(db, callback, { external_id: 'member-of-kari' });
  const first = await callback.login({ personnummer: sampleNumbers[0] });
  assert.equal(first.outcome, 'filled');
  const worker = pushWorker(db);
  const pushId = (await one(db, 'select id from sync.pushes')).id as string;
  await worker.attempt(pushId, { result: 'delivered' });
  const second = await callback.login({ personnummer: sampleNumbers[1] });
  assert.equal(second.outcome, 'conflict');
  const { id: conflictId, version } = await one(db, 'select id, version from registry.conflicts');
  await coordinator.call('add_comment', conflictId, 'Rang Kari Nordmann on Monday');
  return { callback, coordinator, kari, worker, conflictId, version };
}

const OF_KARI = [
  KARI.given_name,
  KARI.family_name,
  KARI.birth_date,
  KARI.phone,
  KARI.email,
  'subject-of-kari',
  '010150*****',
];

test('erasing leaves no trace of the person in any column, keeps what is counted, and has the member system told', async () => {
  await using db = await createTestDatabase();
  const { kari, worker, conflictId, coordinator, callback } = await lived(db);
  const number = await one(
    db,
    'select personnummer_index, personnummer_sealed, personnummer_masked from registry.members',
  );
  const before = await counts(db);
  const erasureId = await erase(db, kari);
  const needles = [...OF_KARI, ...Object.values(number), kari.user_id];
  const left = (await everyRow(db)).filter(({ text }) => needles.some((needle) => text.includes(String(needle))));
  assert.deepEqual(left, []);
  const after = await counts(db);
  assert.deepEqual(
    [after.observations, after.conflicts, after.links, after.pushes],
    [before.observations, before.conflicts, 0, (before.pushes as number) + 1],
  );
  const erasure = await one(db, 'select state, removal, counts, erased_at from audit.erasures where id = $1', [
    erasureId,
  ]);
  assert.equal(erasure.state, 'erased');
  assert.equal(erasure.removal, 'queued');
  assert.equal(erasure.counts['registry.observations'], 2);
  assert.equal(erasure.counts['registry.conflict_comments'], 1);
  // The member number stays until the member system has removed the number; then it goes too.
  const removal = await one(db, `select id, removal from sync.pushes where state = 'pending'`);
  assert.equal(removal.removal, true);
  const claimed = await worker.claim(removal.id);
  assert.deepEqual([claimed.external_id, claimed.personnummer_sealed], ['member-of-kari', null]);
  await worker.finish(removal.id, claimed.fencing_token, { result: 'delivered' });
  assert.deepEqual(
    (await everyRow(db)).filter(({ text }) => text.includes('member-of-kari')),
    [],
  );
  assert.equal((await one(db, 'select removal from audit.erasures')).removal, 'delivered');
  // Nobody decides anything about the person any more.
  assert.equal((await coordinator.call('undo_resolution', conflictId, 'x')).code, 'member_erased');
  assert.equal((await coordinator.call('erase_member', kari.id, 'Asked by letter', 1)).code, 'member_erased');
  // A login is a stranger's.
  const login = await callback.login({ personnummer: sampleNumbers[0] });
  assert.deepEqual([login.outcome, login.member_id], ['unlinked', null]);
});

test('an audit that was sealed before somebody was erased verifies afterwards, and says how much was redacted', async () => {
  await using db = await createTestDatabase();
  const { kari } = await lived(db);
  const sealer = await createTestSealer(db.poolFor('sync_worker'));
  const seal = async () => {
    await horizonPasses(db);
    await sealer.round();
  };
  await seal();
  const { n: sealed } = await one(db, 'select count(*)::int as n from audit.leaves');
  await erase(db, kari);
  await seal();
  const { redacted } = await one(
    db,
    `select (detail ->> 'count')::int as redacted from audit.events where event = 'events_redacted'`,
  );
  const { n: leaves } = await one(db, 'select count(*)::int as n from audit.leaves');
  const { n: salts } = await one(db, 'select count(*)::int as n from audit.salts');
  assert.ok(sealed > 0 && redacted > 0 && leaves > sealed);
  // Those that were sealed when they were redacted have lost their salt; the others were sealed as they are now.
  assert.ok(leaves - salts > 0);
  const report = await verifyTestAudit(db.urlFor('auditor_login'));
  assert.deepEqual([report.findings, report.unsealed, report.sealed], [[], 0, leaves]);
});

test('a line of a ledger that names a record of another organisation erases nobody', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const { slug } = await addOrganization(db);
  const records = JSON.stringify([{ member_id: kari.id, external_id_digest: 'ab'.repeat(32) }]);
  const { rows } = await db
    .poolFor('sync_worker')
    .query('select worker.replay_erasure(gen_random_uuid(), $1, $2) as became', [slug, records]);
  assert.equal(rows[0].became, 'other_organization');
  assert.equal((await one(db, 'select given_name from registry.members')).given_name, KARI.given_name);
  assert.equal((await one(db, 'select count(*)::int as n from audit.erasures')).n, 0);
});

test('the operator who begins again after the member number is gone is told of the erasure there was', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback, { external_id: 'member-of-kari' });
  const erasureId = await erase(db, kari);
  const again = (externalId: string) =>
    db
      .poolFor('sync_worker')
      .query('select * from worker.announce_erasure($1, $2, $3)', [callback.organization.slug, externalId, 'by letter'])
      .then(({ rows }) => rows);
  assert.deepEqual(await again('member-of-kari'), [{ erasure_id: erasureId, refused_as: 'member_erased' }]);
  assert.deepEqual(await again('member-of-ola'), [{ erasure_id: null, refused_as: 'not_found' }]);
});
