import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, test } from 'vitest';
import { blocked } from '../support/blocked.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { begin } from '../support/waiting.ts';

const db: TestDatabase = await createTestDatabase();
afterAll(() => db[Symbol.asyncDispose]());

test('organisation numbers, account numbers and KIDs are held by their control digits', async () => {
  const ask = async (name: string, text: string | null) =>
    (await db.pool.query(`select billing.${name}($1) as holds`, [text])).rows[0].holds;
  for (const number of ['999999999', '999999980', '974760673'])
    assert.equal(await ask('is_organization_number', number), true, number);
  for (const number of ['999999998', '99999999', '123456785', 'x99999999']) {
    assert.notEqual(await ask('is_organization_number', number), true, number);
  }
  assert.equal(await ask('is_account_number', '99990000022'), true);
  assert.equal(await ask('is_account_number', '99990000023'), false);
  // Modulus 10, modulus 11, a hyphen for 10; then wrong ones, and one that may be a personnummer.
  for (const kid of ['12345674', '20260006', '20260017', '2026005-', '26']) {
    assert.equal(await ask('is_kid', kid), true, kid);
  }
  for (const kid of ['12345675', '1', '', 'abc', '-1', '1234567--', '0'.repeat(26)])
    assert.equal(await ask('is_kid', kid), false, kid);
});

test('the owner of invoices can change nothing outside of its own schema', async () => {
  const { rows: writes } = await db.pool.query(
    `select c.oid::regclass || ' ' || v.verb as can
     from pg_class as c join pg_namespace as n on n.oid = c.relnamespace, unnest(array['insert', 'update', 'delete', 'truncate', 'select']) as v(verb)
     where n.nspname not in ('billing', 'pg_catalog', 'information_schema', 'pg_toast') and c.relkind in ('r', 'p', 'v', 'm')
       and (has_table_privilege('billing_owner', c.oid, v.verb)
         or v.verb not in ('delete', 'truncate') and has_any_column_privilege('billing_owner', c.oid, v.verb))`,
  );
  assert.deepEqual(writes, []);
  const { rows: members } = await db.pool.query(
    `select roleid::regrole::text as role from pg_auth_members where member = 'billing_owner'::regrole`,
  );
  assert.deepEqual(members, []);
  const { rows: functions } = await db.pool.query<{ name: string; kind: string; definer: boolean }>(
    `select p.proname as name, p.provolatile::text as kind, p.prosecdef as definer from pg_proc as p
     where p.pronamespace in (select oid from pg_namespace where nspname not in ('billing', 'pg_catalog', 'information_schema'))
       and p.pronamespace <> 'public'::regnamespace and has_function_privilege('billing_owner', p.oid, 'execute')
       and has_schema_privilege('billing_owner', p.pronamespace, 'usage') order by 1`,
  );
  // What runs with more rights than its own: three that PostgreSQL lets write nothing, the audit's and the queue's.
  assert.deepEqual(
    functions.filter(({ definer }) => definer).map(({ name, kind }) => `${name} ${kind}`),
    ['find_invoiced s', 'invoice_recipient s', 'queue_invoices v', 'record_invoice_event v', 'slug_of s'],
  );
  for (const { name, kind, definer } of functions)
    if (!definer) assert.match(`${name} ${kind}`, / [is]$|retry_pause v$/);
  const { rows: bodies } = await db.pool.query(
    `select proname, prosrc from pg_proc where pronamespace = 'private'::regnamespace and proname in ('queue_invoices', 'record_invoice_event')`,
  );
  for (const { proname, prosrc } of bodies) assert.doesNotMatch(prosrc, /registry\.|sync\./, proname);
});

test('and what runs with the rights of registry reads of invoices only what is exported, and changes them only where a person decides', async () => {
  const { rows: tables } = await db.pool.query(
    `select c.oid::regclass::text as name from pg_class as c
     where c.relnamespace = 'billing'::regnamespace and c.relkind = 'r'
       and has_any_column_privilege('registry_owner', c.oid, 'select, insert, update, references')`,
  );
  // Settings, which npm run configure writes in its name.
  assert.deepEqual(tables, [{ name: 'billing.issuers' }]);
  const { rows: functions } = await db.pool.query(
    `select proname as name from pg_proc
     where pronamespace = 'billing'::regnamespace and has_function_privilege('registry_owner', oid, 'execute') order by 1`,
  );
  assert.deepEqual(
    functions.map(({ name }) => name),
    [
      'cancel_invoice',
      'cancel_of_erased',
      'export_invoices',
      'is_account_number',
      'is_organization_number',
      'retry_invoice',
    ],
  );
  const { rows: callers } = await db.pool.query(
    `select n.nspname || '.' || p.proname as name from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
     where n.nspname in ('registry', 'sync', 'private', 'login', 'worker', 'import') and p.prosrc ~ '\\mbilling\\.' order by 1`,
  );
  assert.deepEqual(
    callers.map(({ name }) => name),
    ['private.cancel_invoice', 'private.carry_out_erasure', 'private.export_person', 'private.retry_invoice'],
  );
});

/** An organisation with an issuer and one member with contact data. */
async function withInvoices({ db: own, callback }: Desk, count = 1) {
  const organizationId = callback.organization.id;
  await own.pool.query(
    `insert into billing.issuers (organization_id, organization_number, account_number, base_url, access_token_url, client_id, client_secret_env)
     values ($1, '999999999', '99990000022', 'https://invoices.example.org', 'https://invoices.example.org/token', 'c', 'INVOICE_X')`,
    [organizationId],
  );
  await own.pool.query(
    `insert into registry.members (organization_id, external_id, given_name, email) values ($1, 'm1', 'Ola', 'ola@example.org')`,
    [organizationId],
  );
  const invoices = Array.from({ length: count }, (_, at) => ({
    line: at + 2,
    invoice_number: `F-${at}`,
    member: 'm1',
    amount_ore: 45_000,
    due_date: '2099-01-01',
    kid: '12345674',
    document_reference: null,
    description: 'Medlemskontingent',
  }));
  const load = async (rows: unknown[]) =>
    (
      await own
        .poolFor('member_importer')
        .query('select * from billing.load_invoices($1, $2)', [callback.organization.slug, JSON.stringify(rows)])
    ).rows;
  const ids = async () =>
    (await own.pool.query<{ id: string }>('select id from billing.invoices order by invoice_number')).rows.map(
      ({ id }) => id,
    );
  return { invoices, load, ids };
}

test('an invoice number is issued once: the same line is known, another one is refused, and so is a stranger', () =>
  atTheDesk(async (desk) => {
    const { invoices, load } = await withInvoices(desk);
    assert.deepEqual(await load(invoices), [{ line: 2, result: 'added' }]);
    assert.deepEqual(await load(invoices), [{ line: 2, result: 'known' }]);
    assert.deepEqual(await load([{ ...invoices[0], amount_ore: 1 }]), [{ line: 2, result: 'invoice_changed' }]);
    assert.deepEqual(await load([{ ...invoices[0], invoice_number: 'F-9', member: 'nobody' }]), [
      { line: 2, result: 'member_unknown' },
    ]);
    const jobs = await desk.db.pool.query(`select key from graphile_worker.jobs where key like 'issue_invoice:%'`);
    assert.equal(jobs.rowCount, 1);
    await assert.rejects(load([{ ...invoices[0], invoice_number: 'F-8', kid: '12345675' }]), { code: '23514' });
  }));

test('a coordinator sees why, cancels with a reason, and has one tried again', () =>
  atTheDesk(async (desk) => {
    const { invoices, load, ids } = await withInvoices(desk, 2);
    await load(invoices);
    const [first, second] = (await ids()) as [string, string];
    const worker = desk.db.poolFor('sync_worker');
    const claim = (await worker.query('select * from billing.claim_invoice($1, $2)', [first, 'w'])).rows[0];
    assert.equal(claim.given_name, 'Ola');
    assert.equal((await desk.coordinator.call('cancel_invoice', first, 'sent by post')).code, 'invoice_not_open');
    const report = { invoice_id: first, worker_id: 'w', fencing_token: claim.fencing_token };
    const finish = async (more: object) =>
      (await worker.query('select * from billing.finish_invoice($1)', [JSON.stringify({ ...report, ...more })]))
        .rows[0];
    assert.equal((await finish({ fencing_token: '0', result: 'issued' })).state, null, 'an old token changes nothing');
    const answered = { result: 'no_consent', looked_up_by: 'contact_data', http_status: 404 };
    await assert.rejects(finish(answered), { code: '23514' }, 'no answer without a look-up');
    const begin = 'select billing.begin_look_up($1, $2, $3, $4) as allowed';
    assert.equal((await worker.query(begin, [first, 'somebody', claim.fencing_token, 'number'])).rows[0].allowed, null);
    assert.equal((await worker.query(begin, [first, 'w', claim.fencing_token, 'contact_data'])).rows[0].allowed, true);
    assert.equal((await finish(answered)).state, 'no_consent');
    const [shown] = await desk.coordinator.query<{ state: string; reason: string; amount_ore: string }>(
      `select state, reason, amount_ore from api.invoices where id = '${first}'`,
    );
    assert.equal(shown?.state, 'no_consent');
    assert.match(shown?.reason ?? '', /another way/);
    assert.deepEqual(await desk.coordinator.call('retry_invoice', first), { invoice_id: first });
    assert.equal((await desk.coordinator.call('cancel_invoice', second, ' ')).code, 'text_missing');
    assert.deepEqual(await desk.coordinator.call('cancel_invoice', second, 'sent by post'), { invoice_id: second });
    assert.equal((await desk.coordinator.call('retry_invoice', second)).code, 'invoice_not_open');
    assert.equal(
      (await worker.query(begin, [second, 'w', '1', 'number'])).rows[0].allowed,
      null,
      'no token without an invoice',
    );
  }));

test('no sequence of answers changes a row of registry', () =>
  atTheDesk(async (desk) => {
    const { invoices, load, ids } = await withInvoices(desk, 3);
    await load(invoices);
    const all = await ids();
    const worker = desk.db.poolFor('sync_worker');
    const everything = async () => {
      const { rows } = await desk.db.pool.query<{ name: string }>(
        `select c.oid::regclass::text as name from pg_class as c where c.relnamespace in ('registry'::regnamespace, 'sync'::regnamespace) and c.relkind = 'r'`,
      );
      const texts = await Promise.all(
        rows.map(async ({ name }) => [
          name,
          (await desk.db.pool.query(`select coalesce(jsonb_agg(t order by t::text), '[]') as rows from ${name} as t`))
            .rows[0].rows,
        ]),
      );
      return Object.fromEntries(texts);
    };
    const before = await everything();
    const answer = fc.record({
      at: fc.nat(2),
      looksUp: fc.constantFrom(null, 'number', 'contact_data'),
      result: fc.constantFrom('issued', 'no_consent', 'ambiguous', 'not_enough_data', 'retry', 'rejected'),
      status: fc.constantFrom(null, 200, 400, 403, 404, 409, 429, 500, 502),
      code: fc.constantFrom(null, 'http_5xx', 'issuer_not_allowed', 'http_401', 'timeout', 'look_ups_used_up'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 8 }), async (answers) => {
        for (const { at, looksUp, result, status, code } of answers) {
          await desk.db.pool.query(
            `update billing.invoices set state = 'pending', settled_at = null, next_attempt_at = now(), looked_up_by = null,
            error_code = null, http_status = null, lease_expires_at = null, slot = null where id = $1`,
            [all[at]],
          );
          await desk.db.pool.query('delete from billing.breakers');
          const claim = (await worker.query('select * from billing.claim_invoice($1, $2)', [all[at], 'w'])).rows[0];
          if (claim.fencing_token === null) continue;
          if (looksUp !== null)
            await worker.query('select billing.begin_look_up($1, $2, $3, $4)', [
              all[at],
              'w',
              claim.fencing_token,
              looksUp,
            ]);
          const report = {
            invoice_id: all[at],
            worker_id: 'w',
            fencing_token: claim.fencing_token,
            result,
            looked_up_by: looksUp,
            http_status: status,
            error_code: code,
          };
          // What a state's evidence does not fit is refused by the table, and changes nothing either.
          await worker
            .query('select * from billing.finish_invoice($1)', [JSON.stringify(report)])
            .catch((error: { code: string }) => assert.equal(error.code, '23514'));
        }
        await worker.query('select * from billing.sweep()');
      }),
      { numRuns: 10 },
    );
    assert.deepEqual(await everything(), before);
  }));

test('who takes a slot locks that one and no other: somebody else finds one at the same moment', () =>
  atTheDesk(async (desk) => {
    const { invoices, load, ids } = await withInvoices(desk, 2);
    await desk.db.pool.query(`insert into registry.members (organization_id, external_id) values ($1, 'm2')`, [
      desk.callback.organization.id,
    ]);
    await load(invoices.map((invoice, at) => ({ ...invoice, member: `m${at + 1}` })));
    const [first, second] = await ids();
    const client = await desk.db.pool.connect();
    try {
      await client.query('begin');
      const claim = 'select fencing_token, waits_for from billing.claim_invoice($1, $2)';
      assert.deepEqual((await client.query(claim, [first, 'w1'])).rows, [{ fencing_token: '1', waits_for: null }]);
      assert.deepEqual((await desk.db.pool.query(claim, [second, 'w2'])).rows, [
        { fencing_token: '1', waits_for: null },
      ]);
      // The same of pushes, whose slots are the same in shape.
      const { rows } = await client.query(
        `with added as (
           insert into sync.pushes (organization_id, member_id) select organization_id, id from registry.members where organization_id = $1 returning id)
         select array_agg(id) as ids from added`,
        [desk.callback.organization.id],
      );
      await client.query('select * from private.take_slots($1)', [rows[0].ids.slice(0, 1)]);
      const { rows: locks } = await client.query(
        `select count(*)::int as held from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
      );
      assert.equal(locks[0].held, 2, 'one for the invoice, one for the push');
    } finally {
      await client.query('rollback');
      client.release();
    }
  }));

test('two answers at the same moment close the breaker of the invoice service once', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { invoices, load, ids } = await withInvoices(desk, 2);
    const organizationId = callback.organization.id;
    await db.pool.query(`insert into registry.members (organization_id, external_id) values ($1, 'm2')`, [
      organizationId,
    ]);
    await load(invoices.map((invoice, at) => ({ ...invoice, member: `m${at + 1}` })));
    const worker = db.poolFor('sync_worker');
    const reports: string[] = [];
    for (const id of await ids()) {
      const { rows } = await worker.query('select * from billing.claim_invoice($1, $2)', [id, 'w']);
      const { fencing_token } = rows[0];
      const answered = { result: 'rejected', http_status: 400, error_code: 'http_400' };
      reports.push(JSON.stringify({ invoice_id: id, worker_id: 'w', fencing_token, ...answered }));
    }
    await db.pool.query(
      `insert into billing.breakers (organization_id, state, failures, openings, error_code, opened_at, probe_at)
       values ($1, 'open', 5, 1, 'http_5xx', now(), now() + interval '1 hour')`,
      [organizationId],
    );
    const finish = 'select * from billing.finish_invoice($1)';
    await using first = await begin(db);
    await first.query(finish, [reports[0]]);
    const second = worker.query(finish, [reports[1]]);
    await blocked(db, 1);
    await first.query('commit');
    await second;
    const { rows } = await db.pool.query(`select event from audit.events where event = 'invoice_breaker_closed'`);
    assert.equal(rows.length, 1);
  }));
