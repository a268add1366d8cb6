import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { decoyNumber } from '../support/samples.ts';

const CHANGES = [
  `update audit.events set message = 'nothing happened'`,
  'delete from audit.events',
  'truncate audit.events',
  'truncate audit.events cascade',
];

test('the audit is append-only, for the owner and even for a superuser in replication mode', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login();
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  try {
    for (const setting of [
      'reset role',
      'set role registry_owner',
      'reset role; set session_replication_role = replica',
    ]) {
      await client.query(setting);
      for (const change of CHANGES)
        await assert.rejects(client.query(change), { code: '42501' }, `${setting}: ${change}`);
    }
  } finally {
    await client.end();
  }
  assert.equal((await one(db, 'select count(*)::int as n from audit.events')).n, 2);
});

test('auditors read every organisation, and nothing but the audit', async () => {
  await using db = await createTestDatabase();
  const nhf = await actAsCallback(db);
  const hlf = await actAsCallback(db);
  for (const callback of [nhf, hlf]) {
    await addKari(db, callback);
    await callback.login();
  }
  const client = new pg.Client({ connectionString: db.urlFor('auditor_login') });
  await client.connect();
  try {
    const { rows } = await client.query('select count(distinct organization_id)::int as n from audit.events');
    assert.equal(rows[0].n, 2);
    await assert.rejects(client.query('select * from registry.members'), { code: '42501' });
    await assert.rejects(
      client.query(`insert into audit.events (event, source, actor, message) values ('linked', 'app', 'x', 'x')`),
      { code: '42501' },
    );
  } finally {
    await client.end();
  }
});

test('a sentence that holds something like a personnummer is refused', async () => {
  await using db = await createTestDatabase();
  for (const text of [`x ${decoyNumber} x`, decoyNumber.replace(/^.{6}/, '$& '), decoyNumber.replace(/^.{6}/, '$&-')]) {
    const insert = db.pool.query(
      `insert into audit.events (event, source, actor, message) values ('linked', 'app', 'x', $1)`,
      [text],
    );
    await assert.rejects(insert, { code: '23514' });
  }
});

test('who writes the audit can only append: no other time, no other id, no definition, not even for our own functions', async () => {
  await using db = await createTestDatabase();
  const client = new pg.Client({ connectionString: db.ownerUrl });
  await client.connect();
  const event = `event, source, actor, message) values ('linked', 'app', 'x', 'x'`;
  try {
    await client.query('set role registry_owner');
    await client.query(`insert into audit.events (${event})`);
    for (const statement of [
      `insert into audit.events (occurred_at, ${event.replace('values (', 'values (now(), ')})`,
      `insert into audit.events (id, ${event.replace('values (', 'overriding system value values (-1, ')})`,
      'alter table audit.events disable trigger all',
      'drop trigger _100_refuse_change on audit.events',
      'create trigger mine before insert on audit.events for each row execute function private.tg_members__version()',
      'create rule mine as on insert to audit.events do instead nothing',
      `create or replace function audit.tg__refuse_change() returns trigger language plpgsql as $$ begin return null; end $$`,
      'create policy mine on audit.events using (true)',
      'alter table audit.events no force row level security',
      'alter table audit.events owner to registry_owner',
      'update audit.events set id = default',
      'drop table audit.events',
      'alter schema audit rename to mine',
      'alter domain audit.sentence drop constraint sentence_holds_no_number',
      'set role audit_owner; delete from audit.events',
    ]) {
      await assert.rejects(client.query(statement), { code: '42501' }, statement);
    }
  } finally {
    await client.end();
  }
});
