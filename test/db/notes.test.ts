import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { atTheDesk } from '../support/desk.ts';
import { addMember, decoyNumber, sampleNumbers, syntheticNumber } from '../support/samples.ts';

// Coordinators write notes, and nothing but a rule keeps a number out of them.

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/** A number that no member has: the database's log is searched for those of members in the end, and holds what it is called with. */
const [DATE, REST] = [decoyNumber.slice(0, 6), decoyNumber.slice(6)];
const PAIRS = DATE.match(/../g) ?? [];
const WITH_A_NUMBER = [
  decoyNumber,
  `She said ${DATE} ${REST}.`,
  `${DATE}-${REST}`,
  `${PAIRS.join('.')} ${REST}`,
  `nr${decoyNumber}`,
  `${PAIRS.join(' ')} ${REST.slice(0, 3)} ${REST.slice(3)}`,
  `${DATE} - ${REST}, on the phone`,
  `${DATE}\n${REST}`,
  // as the issue of 2026-11-28 has them, with control digits that are none
  ...[
    '01/01/90 12345',
    '0 1 0 1 9 0 1 2 3 4 5',
    '0-1-0-1-9-0-1-2-3-4-5',
    '01\u00a001\u00a090\u00a012345',
    '010190\u202f12345',
  ],
  '０１０１９０１２３４５',
  '٠١٠١٩٠١٢٣٤٥',
  '०१०१९० १२३४५',
  '𝟎𝟏𝟎𝟏𝟗𝟎𝟏𝟐𝟑𝟒𝟓',
  '010190\u200b12345',
  '010190–12345',
  '0\u00ad10190 12345',
  '01.01.90/12345',
  '01/01/90-123 45',
  '(010190) 12345',
  'pnr:010190,12345',
  '0|1|0|1|9|0|1|2|3|4|5',
  '0\n1\n0\n1\n9\n0\n1\n2\n3\n4\n5',
  // grouped as nobody would, but with control digits that hold
  ...[
    `${decoyNumber.slice(0, 3)} ${decoyNumber.slice(3, 7)} ${decoyNumber.slice(7)}`,
    [...decoyNumber].join(' . '),
    `${PAIRS.join(', ')}, ${REST}`,
  ],
  `${PAIRS[0]}.${PAIRS[1]}.19${PAIRS[2]} ${REST}`,
  `${DATE}/${REST}, 22 11 33 44`,
  `22 11 33 44 / ${PAIRS.join('/')} ${REST}`,
];
const WITHOUT = [
  'ring 22 11 33 44 / 900 00 001',
  '22113344, 90000001',
  '+47 22 11 33 44, +47 90 00 00 01',
  'kontor 22 11 33 44 (mob. 900 00 001)',
  '22.11.2026 12:30',
  '2026-11-22 12:30:45',
  '22.11.26 kl. 12.30',
  '01.01.1990-31.12.1999',
  '1/1/90 og 2/2/91',
  'uke 1 2 3 4 5 6 7 8 9 10',
  'kr 1 234 567,00',
  '12 345,50 + 67 890,50',
  'NOK 1.234.567,89',
  'faktura 20261122-004711-01',
  'sak 2026/004711, dok. 12',
  'gate 12 A, 0150 Oslo',
  'org.nr 974 760 673',
  'KID 000123456789012',
  'IBAN NO93 8601 1117 947',
  'medlem 1030, 1031, 1032, 1033',
  '10, 20, 30, 40000',
  'called her on +47 90 00 00 01 and 22 11 33 44',
  'on 22.11.2026 at 12.30',
  '018150*****',
  'NHF-1030',
  '',
  '01a2030d-2bdf-787a-b637-a43d0d92e972',
  `case ${decoyNumber}0 of ours`,
  '+47 900 00 001',
];

test('a note that may hold a personnummer is refused, with every decision, and nothing has changed', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const [found] = await openCases();
    for (const note of WITH_A_NUMBER) {
      const reply = await coordinator.call('resolve_conflict', found?.id, 'keep_existing', note, found?.version);
      assert.equal(reply.code, 'number_in_note', note);
    }
    assert.deepEqual(await openCases(), [found]);
    await coordinator.call('resolve_conflict', found?.id, 'keep_existing', 'seen the papers', found?.version);
    assert.equal((await coordinator.call('undo_resolution', found?.id, decoyNumber)).code, 'number_in_note');
    assert.equal((await coordinator.call('undo_resolution', found?.id, 'not she')).state, 'open');
  }));

test('so is one that is too long to be stored', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    const [found] = await openCases();
    const decide = (length: number) =>
      coordinator.call('resolve_conflict', found?.id, 'keep_existing', 'æ'.repeat(length), found?.version);
    assert.equal((await decide(4001)).code, 'note_too_long');
    assert.equal((await decide(4000)).state, 'resolved');
    assert.equal((await coordinator.call('undo_resolution', found?.id, 'x'.repeat(4001))).code, 'note_too_long');
  }));

test('neither is stored with a login that is linked', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const { observation_id } = await callback.login({ personnummer: NUMBER });
    const member = await addMember(db, callback.organization);
    const reply = await coordinator.call('link_login', observation_id, member.id, `it is ${decoyNumber}`);
    assert.equal(reply.code, 'number_in_note');
    const long = await coordinator.call('link_login', observation_id, member.id, 'x'.repeat(4001));
    assert.equal(long.code, 'note_too_long');
    assert.equal((await coordinator.call('link_login', observation_id, member.id, null)).linked, true);
  }));

test('dates, phone numbers and ids are no personnummer', () =>
  atTheDesk(async ({ db }) => {
    for (const note of [...WITHOUT, null]) {
      assert.equal((await one(db, 'select private.why_not_note($1) as code', [note])).code, null, note ?? 'null');
    }
  }));

/** Ways in which somebody could write eleven digits: which script, where groups end, and what stands between them. */
const SCRIPTS = [0x30, 0xff10, 0x660, 0x966, 0x1d7ce, 0x1e950, 0x9e6, 0x104a0];
const BETWEEN = [
  ' ',
  '.',
  '-',
  '/',
  '\u00a0',
  '\u202f',
  ', ',
  ' - ',
  '\u2013',
  '_',
  ':',
  '\n',
  ' / ',
  '\t',
  '|',
  '\u3000',
  ';',
  '…',
  '*',
];
const written = fc
  .record({
    day: fc.integer({ min: 0, max: 36_000 }),
    nth: fc.nat(4),
    script: fc.constantFrom(...SCRIPTS),
    ends: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
    between: fc.array(fc.constantFrom(...BETWEEN), { minLength: 10, maxLength: 10 }),
    around: fc.constantFrom(
      ['', ''],
      ['født ', ''],
      ['nr ', '.'],
      ['(', ')'],
      ['x', 'y'],
      ['+47 22 11 33 44; nr ', ' takk'],
    ),
  })
  .map(({ day, nth, script, ends, between, around }) => {
    const digits = [...syntheticNumber(new Date(Date.UTC(1930, 0, 1 + day)).toISOString().slice(0, 10), nth)];
    const text = digits
      .map((digit, at) => String.fromCodePoint(script + Number(digit)) + (ends[at] ? between[at] : ''))
      .join('');
    return around[0] + text + around[1];
  });

test('a number is found however it is grouped, parted and spelled', async () => {
  await using db = await createTestDatabase();
  const holds = async (texts: string[]) =>
    (await db.pool.query('select private.holds_number(t) as holds from unnest($1::text[]) as t', [texts])).rows;
  for (const text of WITH_A_NUMBER) assert.equal((await holds([text]))[0].holds, true, text);
  await fc.assert(
    fc.asyncProperty(fc.array(written, { minLength: 50, maxLength: 50 }), async (texts) => {
      const found = await holds(texts);
      assert.deepEqual(
        texts.filter((_, at) => !found[at].holds),
        [],
      );
    }),
    { numRuns: 20, seed: 20261128 },
  );
});

const two = (n: number) => String(n).padStart(2, '0');
const harmless = fc.oneof(
  fc
    .integer({ min: 20_000_000, max: 99_999_999 })
    .map((n) => `tlf. ${String(n).replace(/(..)(..)(..)(..)/, '$1 $2 $3 $4')}`),
  fc.integer({ min: 90_000_000, max: 99_999_999 }).map((n) => `+47 ${String(n).replace(/(...)(..)(...)/, '$1 $2 $3')}`),
  fc
    .tuple(fc.integer({ min: 1, max: 28 }), fc.integer({ min: 1, max: 12 }), fc.nat(59))
    .map(([d, m, t]) => `${two(d)}.${two(m)}.2026 kl. 12.${two(t)}`),
  fc.integer({ min: 1, max: 99_999_999 }).map((n) => `kr ${n.toLocaleString('nb-NO')},00`),
  fc.uuid().map((id) => `sak ${id}`),
);

test('phone numbers, dates, amounts and ids beside each other are none, as long as a word or a plus stands between them', async () => {
  await using db = await createTestDatabase();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(harmless, { minLength: 1, maxLength: 5 }), { minLength: 50, maxLength: 50 }),
      async (notes) => {
        const texts = notes.map((parts) => parts.join(', '));
        const { rows } = await db.pool.query('select t from unnest($1::text[]) as t where private.holds_number(t)', [
          texts,
        ]);
        assert.deepEqual(rows, []);
      },
    ),
    { numRuns: 20, seed: 20261128 },
  );
});

test('a sentence of the audit, and the evidence of a consent, are asked the same question', async () => {
  await using db = await createTestDatabase();
  for (const text of ['01/01/90 12345', '0 1 0 1 9 0 1 2 3 4 5', '０１０１９０１２３４５']) {
    await assert.rejects(db.pool.query(`select $1::audit.sentence`, [text]), { code: '23514' }, text);
    const evidence = `select private.store_consent(null::registry.observations, true, jsonb_build_object('asked', $1::text))`;
    await assert.rejects(db.pool.query(evidence, [text]), { code: 'PN002' }, text);
  }
  await db.pool.query(
    `select 'An import of members was finished after 123456 rows: 12345 added, 18 changed.'::audit.sentence`,
  );
});
