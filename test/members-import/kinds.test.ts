import assert from 'node:assert/strict';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { test } from 'vitest';
import { understand } from './support/understand.ts';

// Each kind of trouble, in every delimiter, encoding, style of quoting and kind of line end that exports come in.

type Row = (string | { raw: string })[];
type Kind = {
  name: string;
  /** Below the header `external_id, given_name, family_name, birth_date, email, phone, personnummer`. Raw fields are never quoted. */
  rows: Row[];
  /** `id|given|family|birth date|e-mail|phone|masked number`; trailing bars may be left out. */
  members: string[];
  /** Line and reasons. */
  rejected?: string[];
  /** Only where letters beyond the code pages can be written. */
  unicode?: boolean;
};

const NAMES = ['external_id', 'given_name', 'family_name', 'birth_date', 'email', 'phone', 'personnummer'];
const ordinary: Row[] = [
  ['T1', 'Kåre', 'Sørli', '1971-01-01', 'kare@example.org', '90011081', '01817113385'],
  ['T2', 'Bjørn', 'Ærlig', '1972-02-02', '', '', ''],
];
const read = ['T1|Kåre|Sørli|1971-01-01|kare@example.org|+4790011081|018171*****', 'T2|Bjørn|Ærlig|1972-02-02'];

const kinds: Kind[] = [
  { name: 'nothing wrong', rows: [], members: [] },
  {
    name: 'a stray quote at the start of a field',
    rows: [
      ['T3', { raw: '"Kalle' }, { raw: 'Hansen' }, '', '', '', ''],
      ['T4', 'Liv', 'Lie', '', '', '', ''],
    ],
    members: ['T4|Liv|Lie'],
    rejected: ['4 stray_quote'],
  },
  {
    name: 'a quoted name within a field',
    rows: [['T3', { raw: 'Per "Pelle"' }, 'Olsen', '', '', '', '']],
    members: ['T3|Per "Pelle"|Olsen'],
  },
  {
    name: 'white space around quotes',
    rows: [['T3', { raw: '  "Ola"' }, { raw: '"Moe" ' }, { raw: ' "1973-03-03" ' }, '', { raw: ' "90011082"' }, '']],
    members: ['T3|Ola|Moe|1973-03-03||+4790011082'],
  },
  {
    name: 'protected leading zeros',
    rows: [
      [
        { raw: '="T03"' },
        { raw: '="Ola"' },
        'Moe',
        { raw: "'1973-03-03" },
        '',
        { raw: '="90011082"' },
        { raw: "'01817111102" },
      ],
      [{ raw: '"=""T04"""' }, "'Liv", 'Lie', '', { raw: '"=""liv@example.org"""' }, { raw: "'90011083" }, ''],
      ["'T04", 'Liv', 'Lie', '', '', '', ''],
    ],
    members: [
      'T03|Ola|Moe|1973-03-03||+4790011082|018171*****',
      'T04|Liv|Lie||liv@example.org|+4790011083',
      'T04|Liv|Lie',
    ],
  },
  {
    name: 'invisible characters',
    rows: [
      [
        '\u200bT3\u200e',
        '\u2060Ola\u00ad',
        'M\u200coe',
        '\u200e1973-03-03',
        '\ufeffola@example.org\u200b',
        '\u202a90011082\u202c',
        '',
      ],
      ['T\u00a04', 'Liv\u00a0Åse', 'Lie', '', 'liv@\u00a0example.org', '900\u202f11\u00a0083', '018171\u00a011102'],
    ],
    members: [
      'T3|Ola|Moe|1973-03-03|ola@example.org|+4790011082',
      'T4|Liv Åse|Lie||liv@example.org|+4790011083|018171*****',
    ],
    unicode: true,
  },
  {
    name: 'NULL and its like',
    rows: [
      ['T3', 'Ola', 'NULL', 'NULL', '\\N', '(null)', 'NULL'],
      ['T4', '#N/A', 'Lie', '<null>', '[NULL]', '#I/T', 'null'],
      ['NULL', 'Per', 'Dal', '', '', '', ''],
    ],
    members: ['T3|Ola', 'T4||Lie'],
    rejected: ['6 external_id_missing'],
  },
  {
    name: 'the header again, with a ruler and a footer',
    rows: [
      ['---', '-----', '-----', '--', '--', '--', '--'],
      NAMES,
      ['T3', 'Ola', 'Moe', '', '', '', ''],
      ['Antall medlemmer:', '3', '', '', '', '', ''],
      ['(3 rows affected)', '', '', '', '', '', ''],
      ['Totalt', '3', '', '', '', '', ''],
    ],
    members: ['T3|Ola|Moe'],
    rejected: ['7 not_a_member', '8 not_a_member', '9 not_a_member'],
  },
  {
    name: 'letters in dates',
    rows: ['19730303ab', '1973x03y03', 'a19730303b', '1973/03/03', '1973-3-03', '19730-3-03'].map((date, nth) => {
      return [`T${nth + 3}`, 'Ola', 'Moe', date, '', '', ''];
    }),
    members: [],
    rejected: [4, 5, 6, 7, 8, 9].map((line) => `${line} birth_date_unusable`),
  },
  {
    name: 'a date with the midnight that a database adds',
    rows: [
      ['T3', 'Ola', 'Moe', '1973-03-03 00:00:00.000', '', '', ''],
      ['T4', 'Liv', 'Lie', '1973-03-03T00:00:00', '', '', ''],
      ['T5', 'Per', 'Dal', '1973-03-03 12:00:00', '', '', ''],
    ],
    members: ['T3|Ola|Moe|1973-03-03', 'T4|Liv|Lie|1973-03-03'],
    rejected: ['6 birth_date_unusable'],
  },
  {
    name: 'dropped and added delimiters at the end',
    rows: [
      ['T3', 'Ola', 'Moe', '1973-03-03', 'ola@example.org', '90011082'],
      ['T4', 'Liv', 'Lie'],
      ['T5', 'Per', 'Dal', '', '', '', '', { raw: '' }, { raw: ' ' }],
      ['T6', 'Eva', 'Vik', '', '', '', '', 'mer'],
    ],
    members: ['T3|Ola|Moe|1973-03-03|ola@example.org|+4790011082', 'T4|Liv|Lie', 'T5|Per|Dal'],
    rejected: ['7 wrong_number_of_fields'],
  },
  {
    name: 'a row in two pieces',
    rows: [
      ['T3', 'Ola', 'Moe', '1973-03-03', 'ola@a.no'],
      ['og mer', '90011082', ''],
      ['T4', 'Liv', 'Lie', '', '', '', ''],
    ],
    members: ['T4|Liv|Lie'],
    rejected: ['4 wrong_number_of_fields', '5 wrong_number_of_fields'],
  },
  {
    name: 'letters that an earlier program has lost',
    rows: [
      ['T3', 'Bj?rn', 'Moe', '', '', '', ''],
      ['T4', 'Liv', '#REF!', '', '', '', ''],
      ['=A5', 'Per', 'Dal', '', '', '', ''],
    ],
    members: [],
    rejected: ['4 given_name_unusable', '5 family_name_unusable', '6 external_id_unusable'],
  },
];

const encodings = [
  'utf-8',
  'utf-8 with mark',
  'utf-16le',
  'utf-16be',
  'utf-16le with mark',
  'win1252',
  'cp850',
  'cp865',
  'macintosh',
];

function encode(text: string, encoding: string): Buffer {
  const [name = '', , mark] = encoding.split(' ');
  return iconv.encode(mark === undefined ? text : `\uFEFF${text}`, name === 'utf-16le' ? 'utf16le' : name);
}

/** Any two choices meet in one of them; all four together would be six times as many, and a file is read one step after the other. */
const ways = encodings.flatMap((encoding, nth) =>
  [';', ',', '\t', '|'].map((delimiter, other) => ({
    delimiter,
    encoding,
    quoteAll: (nth + other) % 2 === 0,
    end: ['\n', '\r\n', '\r'][(nth + other) % 3] as string,
  })),
);

for (const kind of kinds) {
  test(`${kind.name}: the same in every delimiter, encoding, quoting and line end`, async () => {
    const expected = [...read, ...kind.members].map((member) =>
      member.padEnd(member.length + 6 - member.split('|').length + 1, '|'),
    );
    for (const { delimiter, encoding, quoteAll, end } of ways) {
      if (kind.unicode && !encoding.startsWith('utf')) continue;
      const write = (field: string | { raw: string }) => {
        if (typeof field !== 'string') return field.raw;
        return quoteAll || field.includes(delimiter) ? `"${field}"` : field;
      };
      const rows = [NAMES, ...ordinary, ...kind.rows].map((row) => row.map(write).join(delimiter));
      const found = await understand(encode([...rows, ''].join(end), encoding));
      const members = found.members.map((each) => {
        const { externalId, givenName, familyName, birthDate, email, phone, personnummer } = each;
        return [externalId, givenName, familyName, birthDate, email, phone, personnummer?.masked() ?? ''].join('|');
      });
      const rejected = found.rejected.map(({ line, reasons }) => `${line} ${reasons.join(' ')}`);
      const where = JSON.stringify([delimiter, encoding, quoteAll, end]);
      assert.deepEqual([found.stops?.message, members, rejected], [undefined, expected, kind.rejected ?? []], where);
    }
  });
}

const lowers = [
  'Kåre',
  'Bjørn',
  'Pål',
  'Håkon',
  'Søren',
  'Kjærsti',
  'Andrée',
  'Jürgen',
  'Märta',
  'Björn',
  'Ola',
  'Kari',
];
const name = fc.constantFrom(
  ...lowers,
  'Åse',
  'Øyvind',
  'Ægir',
  'ØSTBY',
  'BJØRG',
  'O’Neill',
  'Renée',
  'Hélène',
  'Zoë',
  'Ünsal',
);

test('an 8-bit file is read as it was meant, or the import stops and says what it seems to be; never as other letters', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('win1252', 'cp850', 'cp865', 'macintosh'),
      fc.array(name, { minLength: 1, maxLength: 20 }),
      async (encoding, names) => {
        const writable = names.filter((each) => iconv.decode(iconv.encode(each, encoding), encoding) === each);
        const text = ['external_id;given_name', ...writable.map((each, nth) => `${nth};${each}`), ''].join('\r\n');
        const { stops, members } = await understand(iconv.encode(text, encoding));
        if (stops !== undefined) {
          assert.equal(stops.code, 'encoding_unclear');
          assert.match(stops.message, /it seems to be (windows-1252|cp850|cp865|macintosh)/);
          return;
        }
        assert.deepEqual(
          members.map(({ givenName }) => givenName),
          writable,
        );
      },
    ),
    { numRuns: 400 },
  );
});

test('an ordinary list of members is read in each of these encodings, and which one it is is said', async () => {
  const text = ['external_id;given_name', ...lowers.map((each, nth) => `${nth};${each}`), ''].join('\r\n');
  for (const [encoding, says] of [
    ['win1252', 'windows-1252'],
    ['cp850', 'cp850'],
    ['cp865', 'cp850'],
    ['macintosh', 'macintosh'],
  ] as const) {
    const { stops, members, said } = await understand(iconv.encode(text, encoding));
    assert.equal(stops, undefined);
    assert.deepEqual(
      members.map(({ givenName }) => givenName),
      lowers,
    );
    assert.match(said[0] ?? '', new RegExp(`^The file is ${says} `));
  }
});

test('what was made UTF-8 twice stops the import, and one such name rejects its row', async () => {
  const twice = (text: string) => iconv.decode(Buffer.from(text), 'win1252');
  const all = await understand(twice('external_id;given_name\n1;Bjørn\n2;Åse\n3;Ola\n'));
  assert.match(all.stops?.message ?? '', /made UTF-8 twice/);
  const one = await understand(`external_id;given_name\n1;Bjørn\n2;Åse\n3;${twice('Kåre')}\n4;João\n`);
  assert.deepEqual(one.rejected, [{ line: 4, reasons: ['given_name_unusable'] }]);
});

test('an encoding that the mapping names is believed, unless a mark says otherwise', async () => {
  const bytes = iconv.encode('external_id;given_name\n1;Üst\n', 'cp850');
  assert.equal((await understand(bytes, { encoding: 'cp850' })).members[0]?.givenName, 'Üst');
  assert.match(
    (await understand('\uFEFFexternal_id\n1\n', { encoding: 'cp850' })).stops?.message ?? '',
    /begins with the mark/,
  );
  assert.match((await understand(bytes, { encoding: 'utf-8' })).stops?.message ?? '', /UTF-8/);
  assert.match(
    (await understand('external_id\n1\n', { encoding: 'x' })).stops?.message ?? '',
    /encoding must be one of/,
  );
});
