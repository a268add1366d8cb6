import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { inCase } from '../support/in-case.ts';

type Candidate = {
  number?: boolean;
  phone?: boolean;
  email?: boolean;
  name?: string;
  birth?: boolean;
  /** The record's birth date is the one the number begins with. */
  born?: boolean;
};
/** Candidates A, B, ... and what the match rules makes of them: the verdict, whom, by which match rule. */
type Row = [what: string, candidates: Candidate[], verdict: string, member?: string, rule?: string];

const agreeing = { name: 'full', birth: true };

const TABLE: Row[] = [
  ['nobody', [], 'unlinked'],
  ['phone and e-mail', [{ phone: true, email: true, ...agreeing }], 'found', 'A', 'phone_and_email'],
  ['phone and e-mail, nothing else known', [{ phone: true, email: true }], 'found', 'A', 'phone_and_email'],
  ['phone, no e-mail on either side, birth date', [{ phone: true, birth: true }], 'found', 'A', 'phone_and_birth_date'],
  ['e-mail, no phone on either side, birth date', [{ email: true, birth: true }], 'found', 'A', 'email_and_birth_date'],
  ['phone alone', [{ phone: true, name: 'full' }], 'ambiguous'],
  ['e-mail alone', [{ email: true, name: 'full' }], 'ambiguous'],
  ['phone agrees, e-mail disagrees', [{ phone: true, email: false, ...agreeing }], 'ambiguous'],
  ['e-mail agrees, phone disagrees', [{ phone: false, email: true, ...agreeing }], 'ambiguous'],
  [
    'phone on one, e-mail on another',
    [
      { phone: true, email: false },
      { phone: false, email: true },
    ],
    'ambiguous',
  ],
  [
    'both on both',
    [
      { phone: true, email: true },
      { phone: true, email: true },
    ],
    'ambiguous',
  ],
  [
    'both on one, the phone on another too',
    [
      { phone: true, email: true, ...agreeing },
      { phone: true, email: false },
    ],
    'ambiguous',
  ],
  ['both, another name', [{ phone: true, email: true, name: 'none', birth: true }], 'name_mismatch'],
  ['both, only one name in common', [{ phone: true, email: true, name: 'partial', birth: true }], 'name_mismatch'],
  ['both, another birth date', [{ phone: true, email: true, name: 'full', birth: false }], 'name_mismatch'],
  ['the number', [{ number: true }], 'found', 'A', 'number'],
  ['the number, a new family name', [{ number: true, name: 'partial', birth: true }], 'found', 'A', 'number'],
  ['the number on a record of quite another name', [{ number: true, name: 'none' }], 'name_mismatch'],
  ['the number, another name, born as it says', [{ number: true, name: 'none', born: true }], 'name_mismatch'],
  ['the number, a new family name, born as it says', [{ number: true, name: 'partial', born: true }], 'found', 'A'],
  ['the number, a new family name, born otherwise', [{ number: true, name: 'partial', born: false }], 'name_mismatch'],
  ['the number, no name, born otherwise', [{ number: true, born: false }], 'name_mismatch'],
  ['the number and the whole name, born otherwise', [{ number: true, name: 'full', born: false }], 'found', 'A'],
  [
    'the number and part of the name, born otherwise; phone, e-mail and name on another',
    [
      { number: true, name: 'partial', born: false },
      { phone: true, email: true, ...agreeing },
    ],
    'found',
    'B',
    'phone_and_email',
  ],
  [
    'the number, and a phone shared with another',
    [{ number: true, phone: true, email: true, ...agreeing }, { phone: true }],
    'found',
    'A',
    'number',
  ],
  [
    'the number on one, the phone alone on another',
    [
      { number: true, ...agreeing },
      { phone: true, email: false },
    ],
    'found',
    'A',
    'number',
  ],
  [
    'the number on one, phone, e-mail and name on another',
    [{ number: true }, { phone: true, email: true, ...agreeing }],
    'found',
    'B',
    'phone_and_email',
  ],
  [
    'the number on one, phone and e-mail on another of other name',
    [{ number: true }, { phone: true, email: true, name: 'none' }],
    'found',
    'A',
    'number',
  ],
];

const id = (letter: string) => `0000000${letter.toLowerCase()}-0000-4000-8000-000000000000`;

test('the match rules as a table: evidence in, decision out', async () => {
  await using db = await createTestDatabase();
  for (const [what, candidates, verdict, member, rule] of TABLE) {
    await inCase(`${what}: ${verdict}`, async () => {
      const rows = candidates.map((c, at) => [
        id('ABC'[at] as string),
        c.number ?? false,
        c.phone ?? null,
        c.email ?? null,
        c.name ?? null,
        c.birth ?? null,
        c.born ?? null,
      ]);
      const literals = rows.map(
        (_, at) => `($${at * 7 + 1}::uuid, $${at * 7 + 2}::boolean, $${at * 7 + 3}::boolean, $${at * 7 + 4}::boolean,
        $${at * 7 + 5}::private.name_agreement, $${at * 7 + 6}::boolean, $${at * 7 + 7}::boolean)::private.candidate`,
      );
      const { rows: found } = await db.pool.query(
        `select * from private.choose_member(array[${literals.map((one) => `row${one}`)}]::private.candidate[])`,
        rows.flat(),
      );
      assert.equal(found[0].verdict, verdict);
      assert.equal(found[0].member_id, member === undefined ? null : id(member));
      if (rule !== undefined) assert.equal(found[0].match_rule, rule);
      if (verdict === 'name_mismatch') assert.deepEqual(found[0].candidates, [id('A')]);
    });
  }
});

test('names: null where one side has none at all; a dash is one that says nothing', async () => {
  await using db = await createTestDatabase();
  const compare = async (...names: (string | null)[]) =>
    (await db.pool.query('select private.compare_names($1, $2, $3, $4) as agreement', names)).rows[0].agreement;
  for (const nothing of [null, '', '  ']) {
    assert.equal(await compare(nothing, nothing, 'Kari', 'Nordmann'), null);
    assert.equal(await compare('Kari', 'Nordmann', nothing, nothing), null);
    assert.equal(await compare(nothing, nothing, nothing, nothing), null);
  }
  assert.equal(await compare('Kari', 'Nordmann', '', ' - '), 'none');
});
