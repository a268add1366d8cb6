import assert from 'node:assert/strict';
import { test } from 'vitest';
import type { InvoiceMode } from '../../local/invoice-service/modes.ts';
import type { InvoiceRecipient } from '../../local/invoice-service/recipients.ts';
import { until } from '../support/until.ts';
import { type Contact, createInvoiceStage, type InvoiceStage, ola, olaRecorded } from './support/invoices.ts';
import { sampleNumbers } from './support/stage.ts';
import { spawnWorker } from './support/worker-process.ts';

/** Every answer, and what becomes of the invoice. */
const answers: [
  says: string,
  given: { mode?: InvoiceMode; recipients?: InvoiceRecipient[]; contact?: Contact; changes?: Record<string, unknown> },
  expected: { state: string; code?: string; status?: number | null; by?: string | null; lookUps?: number },
][] = [
  ['by number, with consent', {}, { state: 'issued', status: 200, by: 'number', lookUps: 1 }],
  [
    'by number, without consent: contact data are not tried',
    { recipients: [{ ...ola, consent: false }] },
    { state: 'no_consent', status: 404, by: 'number', lookUps: 1 },
  ],
  ['by number, unknown there', { recipients: [] }, { state: 'no_consent', status: 404, by: 'number', lookUps: 1 }],
  [
    'two strong identifiers',
    { contact: { phone: '+4799912345', email: 'ola@example.org' } },
    { state: 'issued', status: 200, by: 'contact_data', lookUps: 1 },
  ],
  [
    'one strong and a vague one',
    { contact: { email: 'ola@example.org', birth_date: '1986-03-24' } },
    { state: 'issued', status: 200, by: 'contact_data', lookUps: 1 },
  ],
  [
    'names swapped over there',
    { contact: olaRecorded, recipients: [{ ...ola, firstName: 'Nordmann', lastName: 'Ola' }] },
    { state: 'issued', status: 200, by: 'contact_data', lookUps: 2 },
  ],
  [
    'contact data of nobody, in both orders of the name',
    { contact: olaRecorded, recipients: [] },
    { state: 'no_consent', status: 404, by: 'contact_data', lookUps: 2 },
  ],
  [
    'several match',
    { contact: { phone: '+4799912345', email: 'ola@example.org' }, recipients: [ola, { ...ola, firstName: 'Kari' }] },
    { state: 'ambiguous', status: 409, by: 'contact_data', lookUps: 1 },
  ],
  [
    'a phone number alone',
    { contact: { phone: '+4799912345' } },
    { state: 'not_enough_data', status: null, by: null, lookUps: 0 },
  ],
  [
    'a name alone',
    { contact: { given_name: 'Ola' } },
    { state: 'not_enough_data', status: null, by: null, lookUps: 0 },
  ],
  [
    'contact data, where the first interface is spoken',
    { contact: olaRecorded, changes: { interface: 'v1' } },
    { state: 'not_enough_data', status: null, by: null, lookUps: 0 },
  ],
  [
    'a phone that is none',
    { contact: { phone: '+47123456', given_name: 'Ola' } },
    { state: 'not_enough_data', status: null, by: null, lookUps: 0 },
  ],
  [
    'issuer not allowed',
    { mode: 'wrong_issuer' },
    { state: 'rejected', code: 'issuer_not_allowed', status: 403, by: 'number' },
  ],
  [
    'another organisation number than the service has',
    { changes: { organization_number: '999999980' } },
    { state: 'rejected', code: 'issuer_not_allowed', status: 403, by: 'number' },
  ],
  [
    'look-up refused',
    { mode: 'refuse_look_ups' },
    { state: 'rejected', code: 'look_up_refused', status: 400, by: 'number' },
  ],
  ['invoice refused', { mode: 'refuse_invoices' }, { state: 'rejected', code: 'http_4xx', status: 422, by: 'number' }],
  ['busy, with Retry-After', { mode: 'too_many' }, { state: 'pending', code: 'http_429', status: 429 }],
  ['busy, without', { mode: 'too_many_silent' }, { state: 'pending', code: 'http_429', status: 429 }],
  ['an error of its own', { mode: 'error_500' }, { state: 'pending', code: 'http_5xx', status: 500 }],
  ['a service behind it failed', { mode: 'bad_gateway_502' }, { state: 'pending', code: 'http_5xx', status: 502 }],
  ['no connection', { mode: 'down' }, { state: 'pending', code: 'connection_failed', status: null }],
  [
    'no answer to the look-up',
    { mode: 'hang', changes: { timeout_ms: 200 } },
    { state: 'pending', code: 'timeout', status: null },
  ],
  ['200 without a token', { mode: 'no_token' }, { state: 'pending', code: 'issue_token_missing' }],
  [
    'a token that has expired when it comes',
    { mode: 'expired_tokens' },
    { state: 'pending', code: 'issue_token_expired' },
  ],
  [
    'a wrong secret',
    { changes: { client_id: 'somebody' } },
    { state: 'pending', code: 'token_refused', status: null, lookUps: 1 },
  ],
  [
    'a secret that the worker lacks',
    { changes: { client_secret_env: 'INVOICE_NOBODYS' } },
    { state: 'pending', code: 'secret_missing', status: null },
  ],
  [
    'the first interface: token in the body, Bearer',
    {
      changes: {
        interface: 'v1',
        authorization_scheme: 'Bearer',
        token_place: 'body',
        token_name: 'recipientToken',
        issue_path: '/invoices/{invoice_id}',
      },
    },
    { state: 'issued', status: 200, by: 'number', lookUps: 1 },
  ],
];

async function withMember(stage: InvoiceStage, contact: Contact | undefined): Promise<string> {
  return contact === undefined ? (await stage.addMember()).memberId : stage.addContact(contact);
}

test.each(answers)('%s', async (_says, given, expected) => {
  await using stage = await createInvoiceStage();
  if (given.recipients !== undefined) stage.issuer.setRecipients(given.recipients);
  if (given.mode !== undefined) stage.issuer.setMode(given.mode);
  await stage.changeIssuer(given.changes ?? {});
  const id = await stage.addInvoice(await withMember(stage, given.contact));
  stage.work();
  const row = await stage.reachesState(id, expected.state, expected.code ?? null);
  assert.equal(row.error_code, expected.code ?? null);
  if (expected.status !== undefined) assert.equal(row.http_status, expected.status);
  if (expected.by !== undefined) assert.equal(row.looked_up_by, expected.by);
  if (expected.lookUps !== undefined) assert.equal(row.look_ups, expected.lookUps);
  assert.equal(stage.issuer.invoices().length, expected.state === 'issued' ? 1 : 0);
  if (expected.lookUps === 0) assert.deepEqual(stage.issuer.counts(), { accessTokens: 0, lookUps: 0, issues: 0 });
  if (expected.status === 429 && given.mode === 'too_many') {
    const { rows } = await stage.db.pool.query(
      `select next_attempt_at < now() + interval '3 seconds' as soon from billing.invoices where id = $1`,
      [id],
    );
    assert.ok(rows[0].soon, 'Retry-After: 1');
  }
});

test('an access token that is not known any more is replaced once, and the invoice is issued', async () => {
  await using stage = await createInvoiceStage();
  const { memberId } = await stage.addMember();
  stage.work();
  await stage.reachesState(await stage.addInvoice(memberId), 'issued');
  stage.issuer.setMode('forget_access_tokens');
  const row = await stage.reachesState(await stage.addInvoice(memberId), 'issued');
  assert.equal(row.attempts, 1);
  assert.equal(stage.issuer.counts().accessTokens, 2);
});

test('several invoices of one recipient share one issue-token in a run; the next run asks anew', async () => {
  await using stage = await createInvoiceStage();
  const { memberId } = await stage.addMember();
  const first = await Promise.all([1, 2, 3].map(() => stage.addInvoice(memberId)));
  stage.work({ concurrency: 1 });
  for (const id of first) await stage.reachesState(id, 'issued');
  assert.equal(stage.issuer.counts().lookUps, 1);
  stage.issuer.setRecipients([{ ...ola, consent: false }]);
  await stage.reachesState(await stage.addInvoice(memberId), 'no_consent');
  assert.equal(stage.issuer.counts().lookUps, 2);
});

test('an invoice that nobody answers for is issued once, under the same key', async () => {
  await using stage = await createInvoiceStage();
  await stage.changeIssuer({ timeout_ms: 300 });
  stage.issuer.setMode('take_then_hang');
  const id = await stage.addInvoice((await stage.addMember()).memberId);
  stage.work();
  await stage.reachesState(id, 'pending', 'timeout');
  stage.issuer.setMode('ok');
  await stage.invoicesDueNow();
  await stage.reachesState(id, 'issued');
  const taken = stage.issuer.invoices();
  assert.deepEqual(
    taken.map(({ key, times }) => ({ key, times: times > 1 })),
    [{ key: id, times: true }],
  );
});

test('two organisations with one person at once: each with its own token', async () => {
  await using stage = await createInvoiceStage();
  const { id: neighbourId } = await stage.addNeighbour();
  await stage.addIssuer(neighbourId, 'hlf');
  const mine = await stage.addInvoice((await stage.addMember()).memberId);
  const theirs = await stage.addInvoice((await stage.addMember({ organizationId: neighbourId })).memberId, {
    organizationId: neighbourId,
  });
  stage.work();
  await stage.reachesState(mine, 'issued');
  await stage.reachesState(theirs, 'issued');
  for (const issuer of [stage.issuer, stage.neighbour]) {
    assert.equal(issuer.invoices().length, 1);
    assert.equal(issuer.counts().lookUps, 1);
  }
});

test('a number that is in question in an open case is not used; the contact data are', async () => {
  await using stage = await createInvoiceStage();
  const { memberId } = await stage.addMember();
  await stage.db.pool.query(
    `update registry.members set email = 'ola@example.org', phone = '+4799912345' where id = $1`,
    [memberId],
  );
  await stage.db.pool.query(
    `insert into registry.conflicts (organization_id, kind, member_id, fingerprint) values ($1, 'drift', $2, 'x')`,
    [stage.organizationId, memberId],
  );
  const { rows } = await stage.db.pool.query(`select private.disputes_number('drift') as disputes`);
  const id = await stage.addInvoice(memberId);
  stage.work();
  const row = await stage.reachesState(id, 'issued');
  assert.equal(row.looked_up_by, rows[0].disputes ? 'contact_data' : 'number');
});

test('an invoice is looked up so and so often in a day and no more; tomorrow it goes on', async () => {
  await using stage = await createInvoiceStage();
  await stage.changeIssuer({ look_ups_a_day: 2 });
  stage.issuer.setMode('no_token');
  const id = await stage.addInvoice((await stage.addMember()).memberId);
  stage.work();
  for (const attempts of [1, 2]) {
    await until(`attempt ${attempts}`, async () => (await stage.invoice(id)).attempts === attempts);
    await stage.reachesState(id, 'pending', 'issue_token_missing');
    await stage.invoicesDueNow();
  }
  await stage.reachesState(id, 'pending', 'look_ups_used_up');
  assert.equal(stage.issuer.counts().lookUps, 2);
  const { rows } = await stage.db.pool.query(
    `select (next_attempt_at at time zone 'Europe/Oslo')::date = private.today() + 1 as tomorrow from billing.invoices where id = $1`,
    [id],
  );
  assert.ok(rows[0].tomorrow);
  stage.issuer.setMode('ok');
  await stage.db.pool.query(`update billing.invoices set look_ups_on = look_ups_on - 1 where id = $1`, [id]);
  await stage.invoicesDueNow();
  await stage.reachesState(id, 'issued');
});

test('an invoice whose due date has passed is looked up by nobody', async () => {
  await using stage = await createInvoiceStage();
  const id = await stage.addInvoice((await stage.addMember()).memberId, { dueDate: '2026-01-01' });
  stage.work();
  await stage.reachesState(id, 'rejected', 'invoice_overdue');
  assert.deepEqual(stage.issuer.counts(), { accessTokens: 0, lookUps: 0, issues: 0 });
});

test('five failures in a row stop an organisation’s invoices, and a probe that gets through sends them on', async () => {
  await using stage = await createInvoiceStage();
  stage.issuer.setMode('error_500');
  const { memberId } = await stage.addMember();
  const id = await stage.addInvoice(memberId);
  stage.work();
  for (let failures = 1; failures <= 5; failures += 1) {
    await until(`failure ${failures}`, async () => {
      const { rows } = await stage.db.pool.query('select failures from billing.breakers');
      return rows[0]?.failures === failures;
    });
    if (failures < 5) await stage.invoicesDueNow();
  }
  const breaker = async () => (await stage.db.pool.query('select state from billing.breakers')).rows[0].state;
  assert.equal(await breaker(), 'open');
  const waiting = await stage.addInvoice(memberId);
  await stage.invoicesDueNow();
  assert.equal((await stage.invoice(waiting)).state, 'pending');
  stage.issuer.setMode('ok');
  await stage.db.pool.query(`update billing.breakers set probe_at = now()`);
  await stage.db.pool.query('select billing.sweep()');
  await stage.reachesState(id, 'issued');
  assert.equal(await breaker(), 'closed');
});

test('an issuer that is not allowed stops at once: nobody else is looked up in its name', async () => {
  await using stage = await createInvoiceStage();
  stage.issuer.setMode('wrong_issuer');
  const first = await stage.addInvoice((await stage.addMember()).memberId);
  const second = await stage.addInvoice((await stage.addMember({ number: sampleNumbers[1] })).memberId);
  stage.work({ concurrency: 1 });
  await until('one rejected', async () =>
    [await stage.invoice(first), await stage.invoice(second)].some(({ state }) => state === 'rejected'),
  );
  await until(
    'the other waits',
    async () =>
      (
        await stage.db.pool.query(
          `select from graphile_worker.jobs where key like 'issue_invoice:%' and locked_at is null`,
        )
      ).rowCount,
  );
  assert.equal(stage.issuer.counts().lookUps, 1);
});

test('a killed worker’s invoice is taken up again and issued once', async () => {
  await using stage = await createInvoiceStage();
  stage.issuer.setMode('take_then_hang');
  const id = await stage.addInvoice((await stage.addMember()).memberId);
  await using killed = spawnWorker(stage.environment);
  await until('the invoice is with the service', () => stage.issuer.invoices().length === 1);
  killed.child.kill('SIGKILL');
  await killed.ended;
  stage.issuer.setMode('ok');
  await stage.db.pool.query(`update billing.invoices set lease_expires_at = now() where id = $1`, [id]);
  await stage.db.pool.query(`update sync.workers set seen_at = now() - interval '1 minute'`);
  stage.work({}, { beatEveryMs: 200 });
  const row = await stage.reachesState(id, 'issued');
  assert.equal(row.attempts, 2);
  assert.deepEqual(
    stage.issuer.invoices().map(({ key }) => key),
    [id],
  );
  assert.equal(row.look_ups, 2, 'the look-up of the killed worker counts');
});

test('tokens, secrets and numbers stand in no row, job or log', async () => {
  await using stage = await createInvoiceStage();
  stage.work({ concurrency: 1 });
  const modes: InvoiceMode[] = ['ok', 'refuse_invoices', 'expired_tokens', 'error_500', 'take_then_hang'];
  await stage.changeIssuer({ timeout_ms: 300 });
  for (const [at, mode] of modes.entries()) {
    stage.issuer.setMode(mode);
    const number = sampleNumbers[at] ?? sampleNumbers[0];
    stage.issuer.setRecipients([{ ...ola, number }]);
    const id = await stage.addInvoice((await stage.addMember({ number })).memberId);
    await until(
      `an attempt with ${mode}`,
      async () =>
        !['pending', 'issuing'].includes((await stage.invoice(id)).state) ||
        (await stage.invoice(id)).error_code !== null,
    );
  }
  const secrets = [...stage.issuer.issueTokens(), ...stage.issuer.accessTokens(), stage.environment.INVOICE_NHF_SECRET];
  assert.ok(stage.issuer.issueTokens().length >= 4);
  const { rows: tables } = await stage.db.pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('registry', 'sync', 'audit', 'billing', 'graphile_worker')`,
  );
  const everything = [stage.lines.join('')];
  for (const { name } of tables) {
    everything.push(
      (await stage.db.pool.query(`select coalesce(string_agg(t::text, ' '), '') as text from ${name} as t`)).rows[0]
        .text,
    );
  }
  const text = everything.join('\n');
  for (const secret of secrets) assert.ok(!text.includes(secret) && !text.includes(secret.split('.')[2] ?? secret));
  for (const number of sampleNumbers) assert.ok(!text.includes(number));
});
