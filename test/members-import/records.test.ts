import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { test } from 'vitest';
import { ImportError } from '../../runtime/csv/errors.ts';
import { createSplitter, type RecordForm } from '../../runtime/csv/read-records.ts';
import { understand } from './support/understand.ts';

const delimiter = fc.constantFrom(',', ';', '\t', '|');
const lineEnd = fc.constantFrom('\n', '\r\n', '\r');

/** Cuts a text at the places that are given, and reads the pieces. */
function read(text: string, form: RecordForm, cuts: number[] = []) {
  const splitter = createSplitter(form);
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((one, other) => one - other), text.length];
  const pieces = places.slice(1).map((to, nth) => text.slice(places[nth], to));
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

const field = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('"', ';', ',', '\n', '\r\n', ' ', 'a', '1'), maxLength: 8 }),
);

/** A file as RFC 4180 wants it: what must be quoted is, and what need not be is now and then. */
const wellFormed = fc
  .record({ delimiter, lineEnd, width: fc.integer({ min: 1, max: 5 }), quoteAll: fc.boolean() })
  .chain(({ width, ...form }) =>
    fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }).map((rows) => {
      const write = (text: string) => {
        const mustQuote = form.quoteAll || /["\r\n\t,;|\s\p{Cf}]/u.test(text);
        return mustQuote ? `"${text.replaceAll('"', '""')}"` : text;
      };
      const text = rows.map((row) => `${row.map(write).join(form.delimiter)}${form.lineEnd}`).join('');
      return { ...form, width, text };
    }),
  );

test('a well-formed file is read as csv-parse reads it, wherever its pieces end; where quotes are not believed, it is read so or not at all', () => {
  fc.assert(
    fc.property(wellFormed, fc.array(fc.nat(), { maxLength: 4 }), ({ text, delimiter, width }, cuts) => {
      const parsed = parse(text, {
        delimiter,
        record_delimiter: ['\r\n', '\n', '\r'],
        relax_column_count: true,
      }) as string[][];
      const expected = parsed
        .map((fields) => fields.map((each) => each.trim()))
        .filter((fields) => fields.join('') !== '' || fields.length > 1);
      const form: RecordForm = { encoding: 'utf-8', delimiter, layout: { width, idAt: 0 }, lineBreaksInFields: true };
      const fieldsOf = (form: RecordForm) => read(text, form, cuts).map(({ fields }) => fields);
      assert.deepEqual(fieldsOf(form), expected);
      try {
        assert.deepEqual(fieldsOf({ ...form, lineBreaksInFields: undefined }), expected);
      } catch (error) {
        assert.ok(error instanceof ImportError && error.code === 'quote_unclear', String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});

test('lines are counted alike whatever ends them, in quotes too', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['id;a', '1;"x', 'y"', '', '2;z', '3;"', '', '"', '4;', ''].join(end);
    const form = { encoding: 'utf-8', delimiter: ';', layout: { width: 2, idAt: 0 } } as const;
    const lines = (cuts: number[]) => read(text, form, cuts).map(({ line }) => line);
    for (let cut = 0; cut < text.length; cut += 1) assert.deepEqual(lines([cut]), [1, 2, 5, 6, 9], `${cut}`);
  }
});

const word = fc.constantFrom('Kari', 'Ola Erik', 'Åse', 'O’Brien', 'Lie-Moe', '');
const row = fc.record({ given: word, family: word, note: fc.constantFrom('', 'ring etter 16', 'x; y') });

/** Where quotes are put into which row, at random. */
const damage = fc.array(fc.record({ row: fc.nat(), at: fc.nat(), text: fc.constantFrom('"', '""', '"x', ' "') }), {
  minLength: 1,
  maxLength: 3,
});

test('stray quotes anywhere: no row disappears in another, and none has what another says', async () => {
  let [stopped, whole] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 2, maxLength: 8 }),
      damage,
      fc.constantFrom(',', '\t', '|'),
      lineEnd,
      fc.boolean(),
      async (rows, damages, delimiter, end, quoteAll) => {
        const write = (text: string) => (quoteAll ? `"${text}"` : text);
        const lines = rows.map(({ given, family, note }, nth) => {
          return [`10${nth}`, `${given} ${nth}`, `${family} ${nth}`, note].map(write).join(delimiter);
        });
        for (const { row, at, text } of damages) {
          const nth = row % lines.length;
          const line = lines[nth] as string;
          const place = at % (line.length + 1);
          lines[nth] = line.slice(0, place) + text + line.slice(place);
        }
        const damaged = new Set(damages.map((each) => each.row % lines.length));
        const header = ['external_id', 'given_name', 'family_name', 'note'].map(write).join(delimiter);
        const { stops, members, rejected } = await understand([header, ...lines, ''].join(end));
        if (stops !== undefined) {
          stopped += 1;
          assert.ok(['quote_unclear', 'row_too_long'].includes(stops.code), stops.code);
          assert.match(stops.message, /line [0-9]+/);
          return;
        }
        whole += 1;
        const read = new Map(members.map((each) => [each.externalId, each]));
        const listed = new Set(rejected.map(({ line }) => line - 2));
        for (const [nth, { given, family }] of rows.entries()) {
          const member = read.get(`10${nth}`);
          if (damaged.has(nth))
            assert.ok(listed.has(nth) || members.length + listed.size >= rows.length, `row ${nth} is nowhere`);
          else {
            assert.equal(member?.givenName, `${given} ${nth}`.trim(), `row ${nth}`);
            assert.equal(member?.familyName, `${family} ${nth}`.trim(), `row ${nth}`);
          }
        }
        assert.equal(members.length + rejected.length, rows.length);
        for (const { givenName, familyName } of members) {
          const [one, other] = [givenName, familyName].map((name) => /([0-9])\P{N}*$/u.exec(name ?? '')?.[1]);
          assert.ok(one === undefined || other === undefined || one === other, `${givenName} ${familyName}`);
        }
      },
    ),
    { numRuns: 500 },
  );
  // An import that stops every time would lose nothing either.
  assert.ok(whole > 10 * stopped, `${stopped} of ${whole + stopped} files stopped the import`);
});

test('true quoting with line breaks and doubled quotes works on, in any column and style', async () => {
  const notes = ['Storgata 1\n0155 Oslo', 'sa "hei",\nog gikk', 'a\n\nb', '1, 2\n3', ', \n ,', '"\n"'];
  for (const end of ['\n', '\r\n', '\r'])
    for (const at of [1, 2, 3])
      for (const all of [false, true])
        for (const note of notes) {
          const text = note.replaceAll('\n', end);
          const rows = ['1', '2', '3'].map((id) => {
            const fields = [id, 'Kari', 'Li'].map((each) => (all ? `"${each}"` : each));
            return fields.toSpliced(at, 0, `"${text.replaceAll('"', '""')}"`).join(',');
          });
          const header = ['external_id', 'given_name', 'family_name'].toSpliced(at, 0, 'note').join(',');
          const { stops, members, rejected } = await understand([header, ...rows, ''].join(end));
          const names = members.map(({ externalId, givenName, familyName }) =>
            [externalId, givenName, familyName].join(),
          );
          assert.deepEqual(
            [stops, rejected, names],
            [undefined, [], ['1,Kari,Li', '2,Kari,Li', '3,Kari,Li']],
            `${all} ${at} ${note}`,
          );
        }
});

test('a quote that nothing ends is told from a field that is too long', async () => {
  const rows = Array.from({ length: 12_000 }, (_, nth) => `${nth + 2};Per;${'Dal '.repeat(30)}${nth}`);
  const stray = await understand(['external_id;given_name;family_name', '1;"Ola;Li', ...rows, ''].join('\n'));
  assert.deepEqual([stray.stops, stray.rejected], [undefined, [{ line: 2, reasons: ['stray_quote'] }]]);
  assert.equal(stray.members.length, rows.length);
  const long = await understand(`external_id;note\n1;"${'ingen rad\n'.repeat(150_000)}"\n`);
  assert.match(long.stops?.message ?? '', /row that begins on line 2 is longer than 1 MiB/);
});
