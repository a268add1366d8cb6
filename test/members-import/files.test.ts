import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createImportWorld, csv } from './support/run-import.ts';

const HEADER = 'external_id,given_name,family_name,birth_date,email,phone,personnummer';

test('a file with commas, quotes, line breaks in fields and CRLF is read as RFC 4180 says', async () => {
  await using world = await createImportWorld();
  const rows = ['1,"Ola ""Olle""","Nord, mann",1950-01-01,ola@example.org,90 00 00 01,', '2,"Kari\r\nLise",Li,,,,'];
  await world.imported([HEADER, ...rows, ''].join('\r\n'));
  const [ola, kari] = await world.members();
  assert.equal(ola?.given_name, 'Ola "Olle"');
  assert.equal(ola?.family_name, 'Nord, mann');
  assert.equal(ola?.birth_date, '1950-01-01');
  assert.equal(ola?.phone, '+4790000001');
  assert.equal(kari?.given_name, 'Kari Lise');
  assert.equal(kari?.email, null);
});

test('semicolons are found out, and a byte order mark is no part of the first column', async () => {
  await using world = await createImportWorld();
  const { out } = await world.imported(`\uFEFF${HEADER.replaceAll(',', ';')}\n1;Åse;Øy;;;;\n`);
  assert.match(out, /utf-8 with byte order mark, with semicolons/);
  assert.deepEqual(
    (await world.members()).map(({ given_name, family_name }) => [given_name, family_name]),
    [['Åse', 'Øy']],
  );
});

test('Windows-1252 is found out and said', async () => {
  await using world = await createImportWorld();
  // Å 0xC5, ø 0xF8, and € 0x80, which Latin-1 has not.
  const content = Buffer.concat([
    Buffer.from(`${HEADER}\n1,`),
    Buffer.from([0xc5]),
    Buffer.from('se,'),
    Buffer.from([0xf8, 0x80]),
    Buffer.from(',,,,\n'),
  ]);
  const { out } = await world.imported(content);
  assert.match(out, /windows-1252 \(it is not UTF-8\)/);
  assert.deepEqual(
    (await world.members()).map(({ given_name, family_name }) => [given_name, family_name]),
    [['Åse', 'ø€']],
  );
});

test('what Excel calls Unicode text, UTF-16 with tabs, is read too', async () => {
  await using world = await createImportWorld();
  await world.imported(Buffer.from(`\uFEFF${HEADER.replaceAll(',', '\t')}\n1\tÅse\tØy\t\t\t\t\n`, 'utf16le'));
  assert.equal((await world.members())[0]?.given_name, 'Åse');
});

test('a mapping file names the columns, the form of dates and the country code', async () => {
  await using world = await createImportWorld();
  const mapping = world.file(
    'mapping.json',
    JSON.stringify({
      columns: {
        external_id: 'Medlemsnr',
        given_name: 'Fornavn',
        birth_date: 'Født',
        phone: 'Mobil',
        personnummer: 'Fnr',
      },
      birthDate: 'dd.mm.yyyy',
      countryCode: '46',
    }),
  );
  await world.imported(
    'Fornavn;Ukjent;MEDLEMSNR;Født;Mobil;Fnr\nOla;x;17;01.02.1950;0701234567;01815025039\n',
    '--mapping',
    mapping,
  );
  const [member] = await world.members();
  assert.deepEqual(
    [member?.external_id, member?.given_name, member?.birth_date, member?.phone, member?.personnummer_masked],
    ['17', 'Ola', '1950-02-01', '+46701234567', '018150*****'],
  );
});

test('a mapping file or a header that does not fit is refused with its faults, before anything is written', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', csv('id,email,email', '1,a@example.org,b@example.org'));
  const header = await world.run(file);
  assert.equal(header.code, 1);
  assert.match(header.err, /no column is called external_id; several columns are called email/);
  const mapping = world.file('mapping.json', '{"columns": {"name": "x"}, "countryCode": 47}');
  const faulty = await world.run('--mapping', mapping, file);
  assert.match(faulty.err, /columns.name is unknown; countryCode must be/);
  assert.equal((await world.query('select from registry.import_runs')).length, 0);
});

test('a quote that is never closed rejects its own row, with its line, and the rows after it are read', async () => {
  await using world = await createImportWorld();
  const many = Array.from({ length: 3_000 }, (_, nth) => `${nth + 3},Per,,,,,`);
  for (const rest of [[], ['3,Per,,,,,'], many]) {
    await world.imported(csv(HEADER, '1,"Ola\r\nOlav",,,,,', '2,"Kari,,,,,', ...rest));
    assert.equal(world.read('members.csv.rejected.csv'), 'line,reasons\n4,stray_quote\n');
    assert.equal((await world.members()).length, 1 + rest.length);
  }
});

test('a rejected row is listed with the line on which it begins, also after line breaks within quotes', async () => {
  await using world = await createImportWorld();
  const rows = ['1,"Ola\r\nOle",,,,,', '2,"Kari\r\nLise",,,not an address,,', '', '3,"A\nB",,tomorrow,,,', ''];
  await world.imported([HEADER, ...rows].join('\r\n'));
  assert.equal(world.read('members.csv.rejected.csv'), 'line,reasons\n4,email_unusable\n7,birth_date_unusable\n');
});

test('empty files, unreadable files and files that are no text are refused', async () => {
  await using world = await createImportWorld();
  for (const [path, says] of [
    [world.file('empty.csv', ''), /the file is empty/],
    [world.file('binary.csv', Buffer.from([1, 0, 2, 0])), /not a text file/],
    [`${world.file('there.csv', HEADER)}.not`, /cannot be read/],
  ] as const) {
    const { code, err } = await world.run(path);
    assert.equal(code, 1);
    assert.match(err, says);
  }
});

test('the command says how it is used, and names an unknown organisation', async () => {
  await using world = await createImportWorld();
  const misused = await world.run();
  assert.equal(misused.code, 2);
  assert.match(misused.err, /something is missing beside the options[\s\S]*Usage: npm run members:import/);
  const unknown = await world.run('--organization', 'nobody', world.file('members.csv', HEADER));
  assert.match(unknown.err, /there is no such organisation/);
});
