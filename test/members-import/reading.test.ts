import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'vitest';
import { decoyNumber } from '../support/samples.ts';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

const HEADER = 'external_id,given_name,family_name,birth_date,email,phone,personnummer';

/** Runs the program on what it cannot import, and sees that nothing was begun. */
async function refused(world: ImportWorld, ...words: string[]): Promise<string> {
  const { code, err } = await world.run(...words);
  assert.equal(code, 1, err);
  assert.equal((await world.query('select from registry.import_runs')).length, 0);
  return err;
}

test('the columns that are used and those that are not are said before the first row', async () => {
  await using world = await createImportWorld();
  const mapping = world.file('mapping.json', '{"columns": {"external_id": "Medlemsnr"}}');
  const { out } = await world.imported('Fornavn;MEDLEMSNR;Phone;;Etternavn\nOla;1;;;Li\n', '--mapping', mapping);
  assert.match(out, /^Columns used: external_id \(MEDLEMSNR\), phone\. Ignored: Fornavn, Etternavn, 1 without a name/m);
});

test('a header that may be a row is not printed', async () => {
  await using world = await createImportWorld();
  const digits = `${decoyNumber.slice(0, 6)} ${decoyNumber.slice(6)}`;
  const { out } = await world.imported(`external_id,${digits},\u001b[31mRed\n1,,\n`);
  assert.match(out, /Columns used: external_id\. Ignored: \[31mRed, 1 without a name that can be shown\./);
  assert.ok(!out.includes(digits));
});

test('a mapping gives each column to one field', async () => {
  await using world = await createImportWorld();
  const mapping = world.file('mapping.json', '{"columns": {"external_id": "email"}}');
  const { out } = await world.imported('email,phone\nola@example.org,\n', '--mapping', mapping);
  assert.match(out, /Columns used: external_id \(email\), phone\./);
  assert.deepEqual(
    (await world.members()).map(({ external_id, email }) => [external_id, email]),
    [['ola@example.org', null]],
  );
});

test('a mapping file may begin with a byte order mark; what is wrong with another one is said', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', csv(HEADER, '1,Ola,,,,,'));
  for (const [text, says] of [
    ['{"columns": []}', /columns must be an object/],
    ['{"columns": {"email": "Post", "phone": " post"}}', /columns.email and columns.phone are the same column/],
    ['{"countryCode": "999"}', /countryCode must be the calling code/],
    ['{columns', /is not JSON/],
  ] as const) {
    assert.match(await refused(world, '--mapping', world.file('mapping.json', text), file), says);
  }
  assert.match(await refused(world, '--mapping', `${file}.not`, file), /there is no mapping file that can be read/);
  const marked = world.file('mapping.json', '\uFEFF{"columns": {"external_id": "external_id"}}');
  assert.equal((await world.run('--mapping', marked, file)).code, 0);
});

test('UTF-8 with a broken byte is not taken for another encoding: its line is named and nothing is imported', async () => {
  await using world = await createImportWorld();
  const names = Array.from({ length: 40_000 }, (_, nth) => `${nth},Åse,Øvergård,,,,`);
  const whole = Buffer.from([HEADER, ...names, ''].join('\r\n'));
  const at = whole.indexOf('\r\n39000,Å') + '\r\n39000,'.length;
  const broken = Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
  assert.match(await refused(world, world.file('members.csv', broken)), /UTF-8 but for some bytes.* on line 39002;/);
  const cutOff = whole.subarray(0, whole.lastIndexOf('Ø') + 1);
  assert.match(await refused(world, world.file('members.csv', cutOff)), /on line 40001;/);
});

test('Windows-1252 stays what it is where two of its bytes happen to be UTF-8', async () => {
  await using world = await createImportWorld();
  // Å and a closing quotation mark, 0xC5 0x94, are one letter of UTF-8; Øystein, Sørli and Bjørn are none.
  const bytes = Buffer.from(csv(HEADER, '1,\xd8ystein,S\xf8rli,,,,', '2,Bj\xf8rn,\x93BL\xc5\x94,,,,'), 'latin1');
  const { out } = await world.imported(bytes);
  assert.match(out, /windows-1252/);
  assert.deepEqual(
    (await world.members()).map(({ family_name }) => family_name),
    ['Sørli', '“BLÅ”'],
  );
});

test('a very long row is called what it is, and nothing is imported', async () => {
  await using world = await createImportWorld();
  const path = world.file('members.csv', csv(HEADER, '1,Ola,,,,,', `2,${'x'.repeat(1_400_000)},,,,,`));
  assert.match(await refused(world, path), /row_too_long: the row that begins on line 3 is longer than 1 MiB/);
});

test('what cannot be read twice is refused', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', HEADER);
  execFileSync('mkfifo', [`${file}.pipe`]);
  for (const path of [`${file}.pipe`, '/dev/stdin', file.replace('/members.csv', '')])
    assert.match(await refused(world, path), /no file that can be read twice/);
});

test('blank lines before the header and Excel’s first line are no header', async () => {
  await using world = await createImportWorld();
  const rows = ['external_id;given_name;email', '1;Ola, Olav, Ole;', ';;', '2;Kari;nobody'];
  for (const before of [['', '  '], ['sep=;'], [';;', '', '"sep=;"'], ['', 'SEP=;', '']]) {
    const { out } = await world.imported([...before, ...rows, ''].join('\r\n'));
    assert.match(out, /with semicolons[\s\S]*^2 rows in/m);
    assert.equal((await world.members())[0]?.given_name, 'Ola, Olav, Ole');
    assert.equal(world.read('members.csv.rejected.csv'), csv('line,reasons', `${before.length + 4},email_unusable`));
  }
});
