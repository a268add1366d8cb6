import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { sampleNumbers } from '../support/samples.ts';

const everything = (db: TestDatabase) =>
  db.pool
    .query('select to_jsonb(e) as event from audit.events as e order by id')
    .then(({ rows }) => rows.map(({ event }) => event as Record<string, unknown>));

/** Two events of one login, each with a salt as sealing gives it. */
async function sealed(db: TestDatabase) {
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login({ personnummer: sampleNumbers[0] });
  await db.pool.query(`insert into audit.salts (event_id, salt) select id, sha256(id::text::bytea) from audit.events`);
  return everything(db);
}

/** Whoever may do anything, in a role of ours. */
async function as<T>(db: TestDatabase, role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  try {
    await client.query(`set role ${role}`);
    return await work(client);
  } finally {
    await client.end();
  }
}

test('redacting takes out sentence, details and salt, leaves everything else, and says in one event which events it was', async () => {
  await using db = await createTestDatabase();
  const before = await sealed(db);
  const ids = before.map(({ id }) => id);
  const redact = `select audit.redact_events($1, 'erasure') as n`;
  assert.equal(await as(db, 'registry_owner', async (c) => (await c.query(redact, [ids])).rows[0].n), ids.length);
  const after = await everything(db);
  const recorded = after.pop() as { event: string; detail: Record<string, unknown> };
  for (const [at, event] of after.entries()) {
    const old = before[at] as Record<string, unknown>;
    assert.deepEqual(event, { ...old, message: event.message, detail: {}, redacted_at: event.redacted_at });
    assert.match(String(event.message), /^What was said here was taken out: the person was erased\.$/);
  }
  assert.equal((await one(db, 'select count(*)::int as n from audit.salts')).n, 0);
  assert.equal(recorded.event, 'events_redacted');
  const left = await one(
    db,
    `select string_agg(jsonb_build_array(id, (extract(epoch from occurred_at) * 1000000)::bigint, organization_id, event, source, actor, message,
       member_id, observation_id, conflict_id, push_id, transaction_id::text, epoch)::text, ',' order by id) as text
     from audit.events where redacted_at is not null`,
  );
  const digest = createHash('sha256').update(left.text).digest('hex');
  assert.deepEqual([recorded.detail.reason, recorded.detail.count, recorded.detail.digest], ['erasure', 2, digest]);
  const { n } = await one(db, 'select count(*)::int as n from audit.events where redacted_at = $1', [
    recorded.detail.redacted_at,
  ]);
  assert.equal(n, ids.length, 'the event tells by their time which events it speaks of');
  // A second time there is nothing to do, and nothing to say.
  assert.equal(await as(db, 'registry_owner', async (c) => (await c.query(redact, [ids])).rows[0].n), 0);
  assert.equal((await everything(db)).length, ids.length + 1);
});

test('nobody changes an event in another way: not by hand as a superuser or as the owner, nor a redacted one once more', async () => {
  await using db = await createTestDatabase();
  const [first] = (await sealed(db)) as [{ id: number }];
  const byHand = `update audit.events set message = 'x', detail = '{}', redacted_at = now() where id = ${first.id}`;
  for (const [role, statement, code] of [
    ['none', byHand, '42501'],
    ['audit_owner', byHand, '42501'],
    ['registry_owner', byHand, '42501'],
    ['audit_owner', `update audit.events set actor = 'x'`, '42501'],
    ['audit_owner', 'delete from audit.salts', '42501'],
    ['none', 'delete from audit.salts', '42501'],
    ['none', 'delete from audit.erasures', '42501'],
    ['none', 'truncate audit.erased_records', '42501'],
    ['sync_worker', `select audit.redact_events(array[${first.id}], 'erasure')`, '42501'],
    ['auditor', `select audit.redact_events(array[${first.id}], 'erasure')`, '42501'],
    ['registry_owner', `select audit.redact_events(array[${first.id}], 'because')`, '22023'],
  ] as const) {
    await as(db, role, (client) => assert.rejects(client.query(statement), { code }, `${role}: ${statement}`));
  }
  // Even where the name of the function stands in the statement: what may change is said by the row.
  await as(db, 'audit_owner', (client) =>
    assert.rejects(
      client.query(
        `do $$ begin execute 'update audit.events set message = ''other'' /* audit.redact_events(bigint[],text) */'; end $$`,
      ),
      { code: '42501' },
    ),
  );
  assert.equal((await one(db, 'select count(*)::int as n from audit.events where redacted_at is not null')).n, 0);
});
