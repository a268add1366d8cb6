import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { inCase } from '../support/in-case.ts';
import { liveIn } from './lived-in.ts';
import { blocks, names, readPage, tableRows } from './markdown.ts';

const page = await readPage('for-dbas.md');
const explanation = await readPage('audit-explained.md');

/** What `liveIn` does not bring about. */
const NOT_LIVED = [
  'configuration_changed',
  'coordinator_bound',
  'coordinator_invited',
  'coordinator_removed',
  'coordinator_signed_in',
  'data_erased',
  'drift_found',
  'erasure_receipt_given',
  'erasure_replayed',
  'file_acknowledged',
  'file_expired',
  'file_fetched',
  'file_written',
  'grant_counted',
  'grant_frozen',
  'grant_list_taken',
  'import_abandoned',
  'import_conflict',
  'import_differences_accepted',
  'import_duplicate',
  'invoice_added',
  'invoice_ambiguous',
  'invoice_attempt_failed',
  'invoice_breaker_closed',
  'invoice_breaker_opened',
  'invoice_breaker_probing',
  'invoice_cancelled',
  'invoice_given_up',
  'invoice_issued',
  'invoice_no_consent',
  'invoice_not_enough_data',
  'invoice_rejected',
  'invoice_requeued',
  'issue_token_requested',
  'member_exported',
  'members_separated',
  'number_removed',
  'push_accepted',
  'push_given_up',
  'push_held',
  'push_released',
  'restore_accepted',
  'sign_in_refused',
];

/** The answer of the page to one of its questions. */
async function answer<T extends pg.QueryResultRow>(client: pg.Client, question: number): Promise<T[]> {
  const [, rest = ''] = page.split(`\n**${question}. `);
  return (await client.query<T>(blocks(rest, 'sql')[0] as string)).rows;
}

async function asAuditor<T>(db: TestDatabase, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: db.urlFor('auditor_login') });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}

test('every query of the page runs as an auditor and finds something in a database that was lived in', async () => {
  await using db = await createTestDatabase();
  const { member, observation } = await liveIn(db);
  const queries = blocks(page, 'sql').map((sql) =>
    sql.replace(/0{8}-0000-0000-0000-0{11}1/, member).replace(/0{8}-0000-0000-0000-0{11}2/, observation),
  );
  assert.ok(queries.length >= 20);
  await asAuditor(db, async (client) => {
    for (const sql of queries) {
      await inCase(sql.slice(0, 60).replace(/\s+/g, ' '), async () => {
        assert.doesNotMatch(sql, /\b(registry|sync|private|api|login|worker)\./);
        const { rows } = await client.query(sql);
        assert.ok(rows.length > 0, `no rows:\n${sql}`);
        assert.doesNotMatch(JSON.stringify(rows), /\b\d{6}[ -]?\d{5}\b/);
      });
    }
    await inCase('it is append-only for the auditor too', async () => {
      await assert.rejects(client.query('delete from audit.events'), { code: '42501' });
    });
  });
  await inCase('every event has come about but those that take files, imports, drift or days', async () => {
    const { rows } = await db.pool.query<{ event: string }>('select distinct event from audit.events');
    const seen = rows.map(({ event }) => event);
    const missing = (await allowedEvents(db)).filter((event) => !seen.includes(event));
    assert.deepEqual(missing.toSorted(), NOT_LIVED);
  });
});

test('what the answers say is so', async () => {
  await using db = await createTestDatabase();
  await liveIn(db);
  await asAuditor(db, async (client) => {
    await inCase(
      '3: a number that a later import replaced is among the replaced ones, one that it brought is not',
      async () => {
        const rows = await answer<{ actor: string }>(client, 3);
        assert.equal(rows.filter(({ actor }) => actor === 'member_importer').length, 1);
      },
    );
    await inCase('6: numbers come from imports too', async () => {
      const rows = await answer<{ source: string; numbers: string }>(client, 6);
      assert.deepEqual(
        rows.filter(({ source }) => source === 'import').map(({ numbers }) => numbers),
        ['2'],
      );
    });
    await inCase('10: who was asked for consent and gave it brought a number', async () => {
      const rows = await answer<{ reason: string; logins: string }>(client, 10);
      assert.deepEqual(
        rows.filter(({ reason }) => reason === 'not_consented').map(({ logins }) => logins),
        ['1'],
      );
    });
    await inCase('20: what a coordinator has typed in has arrived', async () => {
      const { rows } = await client.query(`select push_id from audit.events where event = 'push_marked_done'`);
      const missing = await answer<{ push_id: string }>(client, 20);
      assert.equal(rows.length, 1);
      assert.ok(!missing.some(({ push_id }) => push_id === rows[0].push_id));
    });
  });
});

async function allowedEvents(db: TestDatabase): Promise<string[]> {
  const { definition } = await one<{ definition: string }>(
    db,
    `select pg_get_constraintdef(oid) as definition from pg_constraint
     where contypid = 'audit.event_name'::regtype and conname = 'event_is_known'`,
  );
  return [...definition.matchAll(/'([a-z_]+)'::text/g)].map(([, name]) => name as string);
}

test('the page explains every event there is, and no other', async () => {
  await using db = await createTestDatabase();
  const explained = tableRows(explanation, '## The events').flatMap(([name]) => names(name));
  assert.deepEqual(explained.toSorted(), (await allowedEvents(db)).toSorted());
});

test('the page explains every column of the table, and no other', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ column_name: string }>(
    `select column_name from information_schema.columns where table_schema = 'audit' and table_name = 'events'`,
  );
  const explained = tableRows(explanation, '## The table').flatMap(([name]) => names(name));
  assert.deepEqual(explained.toSorted(), rows.map((row) => row.column_name).toSorted());
});
