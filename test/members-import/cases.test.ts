import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

// Files that people really had, one for each kind of trouble. What is right: a row is taken as its sender plainly meant it, or it
// is rejected with its line and a reason. No row disappears in another.

const HEADER = 'external_id;given_name;family_name';

async function names(world: ImportWorld): Promise<(string | null)[][]> {
  return (await world.members()).map((each) => [each.external_id, each.given_name, each.family_name]);
}

const rejected = (world: ImportWorld) => world.read('members.csv.rejected.csv')?.trimEnd().split('\n').slice(1) ?? [];

test('a quote that is no quoting rejects its own row, and every later row is read', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, 'T04-1;"Kalle;Hansen', 'T04-2;Ole;Moe', 'T04-3;Per "Pelle";Olsen', 'T04-4;Liv;Lie'));
  assert.deepEqual(await names(world), [
    ['T04-2', 'Ole', 'Moe'],
    ['T04-3', 'Per "Pelle"', 'Olsen'],
    ['T04-4', 'Liv', 'Lie'],
  ]);
  assert.deepEqual(rejected(world), ['2,stray_quote']);
});

test('two quotes that are no quoting do not glue two fields into one and move the rest into other columns', async () => {
  await using world = await createImportWorld();
  const rows = ['1;"Kari;Li";ring etter 16', '2;"Kari; Lise";Li;', '3;Per;Dal'];
  await world.imported(csv(`${HEADER};notat`, ...rows));
  assert.deepEqual(await names(world), [
    ['2', 'Kari; Lise', 'Li'],
    ['3', 'Per', 'Dal'],
  ]);
  assert.deepEqual(rejected(world), ['2,stray_quote']);
});

test('a quoted field that ends in a later row, where it cannot be told whether it was meant, stops the import before it begins', async () => {
  await using world = await createImportWorld();
  const path = world.file('members.csv', csv(HEADER, '1;"Kalle;Hansen', '2;Ole;Moe', '3;Per 5";Olsen', '4;Liv;Lie'));
  const { code, err } = await world.run(path);
  assert.equal(code, 1);
  assert.match(err, /quote_unclear: .* line 2 .* line 4/);
  assert.deepEqual(await world.members(), []);
  const lines = world.file('mapping.json', '{"lineBreaksInFields": false}');
  assert.equal((await world.run('--mapping', lines, path)).code, 0);
  assert.deepEqual(await names(world), [
    ['2', 'Ole', 'Moe'],
    ['4', 'Liv', 'Lie'],
  ]);
  assert.deepEqual(rejected(world), ['2,stray_quote', '4,given_name_unusable']);
});

test('white space between delimiter and quote does not change what a quote is', async () => {
  await using world = await createImportWorld();
  const rows = [
    '18001, "Ola", "Nordmann", "90011181"',
    '18002, "Kari, Anne", "Moe", 90011182',
    '18003,"Liv" ,"Dal" ,90011183',
  ];
  await world.imported(csv('external_id, given_name, family_name, phone', ...rows));
  assert.deepEqual(await names(world), [
    ['18001', 'Ola', 'Nordmann'],
    ['18002', 'Kari, Anne', 'Moe'],
    ['18003', 'Liv', 'Dal'],
  ]);
});

test('what spreadsheets write to keep a leading zero is understood in every column', async () => {
  await using world = await createImportWorld();
  const rows = [
    '="00501";Kari;Nordli;="90011051";="01817111102"',
    "'00502;Ola;Berg;'90011052;",
    '"=""00503""";="Per";\'Dal;"=""90011053""";"=""01817112249"""',
    "'00502;Ola;Berg;'90011052;",
  ];
  await world.imported(csv(`${HEADER};phone;personnummer`, ...rows));
  assert.deepEqual(
    (await world.members()).map((each) => [each.external_id, each.given_name, each.family_name, each.phone]),
    [
      ['00501', 'Kari', 'Nordli', '+4790011051'],
      ['00502', 'Ola', 'Berg', '+4790011052'],
      ['00503', 'Per', 'Dal', '+4790011053'],
    ],
  );
  assert.deepEqual(rejected(world), ['5,external_id_repeated']);
});

test('invisible characters are forgiven alike in every column, so that nobody has a twin', async () => {
  await using world = await createImportWorld();
  const rows = [
    'T03-1;Kari;Nordli;\u202a+47 900 11 021\u202c;kari21@example.org',
    'T03-2\u200e;Ola;Berg;90011022;ola22@example.org',
    'T03-3;Per\u200b;Da\u00adl\u00a0sen;90011023;per23@example.org\u200b',
    'T03-4;Liv;Moe;\u2068+4790011024\u2069;liv24@example.org',
    'T03-5;Eva;Lie;+47\u00a0900\u00a011\u202f025;eva25@example.org',
    'T03\u2060-5;Eva;Lie;;',
    'T03\u00a0-5;Eva;Lie;;',
  ];
  await world.imported(csv(`${HEADER};phone;email`, ...rows));
  assert.deepEqual(
    (await world.members()).map((each) => [each.external_id, each.family_name, each.phone, each.email]),
    [
      ['T03-1', 'Nordli', '+4790011021', 'kari21@example.org'],
      ['T03-2', 'Berg', '+4790011022', 'ola22@example.org'],
      ['T03-3', 'Dal sen', '+4790011023', 'per23@example.org'],
      ['T03-4', 'Moe', '+4790011024', 'liv24@example.org'],
      ['T03-5', 'Lie', '+4790011025', 'eva25@example.org'],
    ],
  );
  assert.deepEqual(rejected(world), ['7,external_id_repeated', '8,external_id_repeated']);
});

test('a header cell may hold a line break, and the delimiter is looked for outside quotes', async () => {
  await using world = await createImportWorld();
  const header = '"Annet\n(kolonne; med; mye)","external_id","Navn\n(fornavn)","phone"';
  const mapping = world.file('mapping.json', '{"columns": {"given_name": "navn (fornavn)"}}');
  await world.imported(`${header}\nx,20001,Kari,90011201\n`, '--mapping', mapping);
  const [kari] = await world.members();
  assert.deepEqual([kari?.external_id, kari?.given_name, kari?.phone], ['20001', 'Kari', '+4790011201']);
});

test('NULL as database tools write it is an empty value, said once', async () => {
  await using world = await createImportWorld();
  const header = 'external_id,given_name,family_name,birth_date,email,phone,personnummer';
  const rows = [
    'T08-1,Kari,Nordli,1971-01-01,kari81@example.org,90011081,01817113385',
    'T08-2,Ola,Berg,NULL,NULL,NULL,NULL',
    'T08-3,Per,NULL,1980-01-01 00:00:00.000,per83@example.org,90011083,NULL',
    'T08-4,\\N,(null),#N/A,null,<null>,#I/T',
    'NULL,Liv,Null,,,,',
    'T08-6,Jennifer,Null,,,,',
  ];
  const { out } = await world.imported(csv(header, ...rows));
  assert.deepEqual(
    (await world.members()).map((each) => [each.external_id, each.given_name, each.family_name, each.birth_date]),
    [
      ['T08-1', 'Kari', 'Nordli', '1971-01-01'],
      ['T08-2', 'Ola', 'Berg', null],
      ['T08-3', 'Per', null, '1980-01-01'],
      ['T08-4', null, null, null],
      ['T08-6', 'Jennifer', 'Null', null],
    ],
  );
  assert.deepEqual(rejected(world), ['6,external_id_missing']);
  assert.equal(out.match(/NULL/g)?.length, 1);
  assert.match(out, /13 fields .*NULL.* taken as empty/);
});

test('a header in the middle is skipped and said, with a byte order mark too; a footer is nobody', async () => {
  await using world = await createImportWorld();
  const rows = [
    'T11-1;Kari;Nordli',
    `\uFEFF${HEADER}`,
    'T11-2;Ola;Berg',
    '"External_ID" ; Given_name;family_name',
    'T11-3;Liv;',
  ];
  const { out } = await world.imported(
    `\uFEFF${csv(HEADER, '---;------;-----', ...rows, 'Antall medlemmer: 3;;', '(3 rows affected)')}`,
  );
  assert.deepEqual(
    (await names(world)).map(([id]) => id),
    ['T11-1', 'T11-2', 'T11-3'],
  );
  assert.match(out, /header .* again on lines 4, 6/);
  assert.deepEqual(rejected(world), ['8,not_a_member', '9,not_a_member']);
});

test('a header in the middle with its columns in another order stops the import before it begins', async () => {
  await using world = await createImportWorld();
  const path = world.file(
    'members.csv',
    csv(HEADER, '1;Kari;Nordli', 'external_id;family_name;given_name', '2;Berg;Ola'),
  );
  const { code, err } = await world.run(path);
  assert.equal(code, 1);
  assert.match(err, /header_unusable: .* line 3, has other columns/);
  assert.deepEqual(await world.members(), []);
});

test('only whole forms are dates', async () => {
  await using world = await createImportWorld();
  const dates = [
    '1980-02-01',
    '20010203ab',
    '1980x02y01',
    'a19800201b',
    '1980/02/01',
    '1980-2-01 ',
    '19800-2-01',
    '1-9800201x',
  ];
  await world.imported(csv('external_id;birth_date', ...dates.map((date, nth) => `2400${nth + 1};${date}`)));
  assert.deepEqual(
    (await world.members()).map((each) => [each.external_id, each.birth_date]),
    [['24001', '1980-02-01']],
  );
  assert.deepEqual(
    rejected(world),
    [3, 4, 5, 6, 7, 8, 9].map((line) => `${line},birth_date_unusable`),
  );
});

test('trailing delimiters that Excel drops are empty fields; a row that is broken in two is two rejected lines', async () => {
  await using world = await createImportWorld();
  const header = 'external_id;given_name;family_name;birth_date;email;personnummer';
  const rows = [
    '1;Kari;Nordli;1971-01-01;;01817113385',
    '2;Ola;Berg;1972-02-02;ola@example.org',
    '3;Liv;Moe',
    '4;Per;Nord',
    'mann;1950-01-01;per@example.org;',
    '5;Eva;Lie;;;;;',
  ];
  await world.imported(csv(header, ...rows));
  assert.deepEqual(await names(world), [
    ['1', 'Kari', 'Nordli'],
    ['2', 'Ola', 'Berg'],
    ['3', 'Liv', 'Moe'],
    ['5', 'Eva', 'Lie'],
  ]);
  assert.deepEqual(rejected(world), ['5,wrong_number_of_fields', '6,wrong_number_of_fields']);
});

test('a well-formed long field is read, quoted or not', async () => {
  await using world = await createImportWorld();
  const note = 'lang, "merknad"\n'.repeat(20_000);
  await world.imported(
    csv('external_id,notat,given_name', `1,"${note.replaceAll('"', '""')}",Ola`, `2,${'x'.repeat(300_000)},Kari`),
  );
  assert.deepEqual(
    (await world.members()).map((each) => each.given_name),
    ['Ola', 'Kari'],
  );
});
