import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { isKid, judgeLine, readAmount } from '../../invoices/judge-line.ts';
import { runProgram } from '../../invoices/run-program.ts';
import { createTestDatabase } from '../support/database.ts';
import { decoyNumber } from '../support/samples.ts';

const good = {
  invoice_number: 'F-1',
  member: '17',
  amount: '1 250,50',
  due_date: '31.12.2099',
  kid: '12345674',
  description: 'Medlemskontingent',
};

test('a line is an invoice, or every reason why it is none', () => {
  assert.deepEqual(judgeLine(2, good, '2026-11-29'), {
    line: 2,
    invoice_number: 'F-1',
    member: '17',
    amount_ore: 125_050,
    due_date: '2099-12-31',
    kid: '12345674',
    document_reference: null,
    description: 'Medlemskontingent',
  });
  const reasons = (changes: Record<string, string>) => judgeLine(2, { ...good, ...changes }, '2026-11-29');
  assert.deepEqual(reasons({ invoice_number: 'F 1', amount: '-4', member: '' }), [
    'invoice_number_unusable',
    'member_unusable',
    'amount_unusable',
  ]);
  assert.deepEqual(reasons({ due_date: '2026-02-30' }), ['due_date_unusable']);
  assert.deepEqual(reasons({ due_date: '2026-11-28' }), ['due_date_past']);
  assert.deepEqual(reasons({ kid: '12345675' }), ['kid_unusable']);
  assert.deepEqual(reasons({ kid: '' }), ['reference_missing']);
  assert.deepEqual(reasons({ description: `til ${decoyNumber}` }), ['number_in_field']);
  assert.deepEqual(reasons({ invoice_number: decoyNumber }), ['number_in_field']);
});

test('amounts are kroner in, øre out', () => {
  for (const [text, ore] of [
    ['450', 45_000],
    ['450,00', 45_000],
    ['0.01', 1],
    ['12 345,67', 1_234_567],
  ] as const) {
    assert.equal(readAmount(text), ore, text);
  }
  for (const text of ['', '0', '450,5', '4,50,00', '1e3', '99999999', 'kr 450'])
    assert.equal(readAmount(text), null, text);
});

test('a KID is held by modulus 10 or 11, as in the database', async () => {
  await using db = await createTestDatabase();
  for (const kid of ['12345674', '20260017', '2026005-', '2026005', '12345675', '1', '26', '-1', '123-4']) {
    const { rows } = await db.pool.query('select billing.is_kid($1) as holds', [kid]);
    assert.equal(isKid(kid), rows[0].holds, kid);
  }
});

test('a file is taken in once, line by line: good ones are queued, bad ones listed, and it may be given again', async () => {
  await using db = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'invoices-'));
  try {
    const file = join(folder, 'fakturaer.csv');
    await writeFile(
      file,
      [
        'Invoice_number;Member;Amount;Due_date;KID;Description',
        'F-1;17;450,00;31.12.2099;12345674;Medlemskontingent',
        'F-2;17;450,00;31.12.2099;12345674;Støttemedlem',
        'F-3;nobody;450,00;31.12.2099;12345674;Medlemskontingent',
        'F-4;17;gratis;31.12.2099;12345674;Medlemskontingent',
        '',
      ].join('\r\n'),
      'latin1',
    );
    const said: string[] = [];
    const run = (words: string[]) =>
      runProgram(
        words,
        { DEPLOYMENT: 'test', DATABASE_URL: db.urlFor('member_importer') },
        { say: (line) => said.push(line), complain: (text) => said.push(text), progress: process.stderr },
      );
    assert.equal(await run([file]), 2);
    assert.equal(await run(['--organization', 'nobody', file]), 1);
    assert.match(said.at(-1) ?? '', /organization_unknown/);
    const { rows } = await db.pool.query(
      `insert into registry.organizations (slug, name) values ('nhf', 'NHF') returning id`,
    );
    assert.equal(await run(['--organization', 'nhf', file]), 1);
    assert.match(said.at(-1) ?? '', /issuer_missing/);
    await db.pool.query(
      `insert into billing.issuers (organization_id, organization_number, account_number, base_url, access_token_url, client_id, client_secret_env)
       values ($1, '999999999', '99990000022', 'https://invoices.example.org', 'https://invoices.example.org/token', 'c', 'INVOICE_X')`,
      [rows[0].id],
    );
    await db.pool.query(`insert into registry.members (organization_id, external_id) values ($1, '17')`, [rows[0].id]);
    assert.equal(await run(['--organization', 'nhf', file]), 0);
    assert.match(said.join('\n'), /2 invoices are to be issued, 0 were there already, 2 lines were rejected\./);
    assert.equal(readFileSync(`${file}.rejected.csv`, 'utf8'), 'line,reasons\n5,amount_unusable\n4,member_unknown\n');
    assert.equal(await run(['--organization', 'nhf', file]), 0);
    assert.match(said.join('\n'), /0 invoices are to be issued, 2 were there already/);
    const stored = await db.pool.query(
      'select description, amount_ore::int from billing.invoices order by invoice_number',
    );
    assert.deepEqual(stored.rows, [
      { description: 'Medlemskontingent', amount_ore: 45_000 },
      { description: 'Støttemedlem', amount_ore: 45_000 },
    ]);
    assert.equal(await readFile(file, 'latin1').then((text) => text.includes('Støtte')), true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
