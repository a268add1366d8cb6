import assert from 'node:assert/strict';
import { test } from 'vitest';
import { bareNumber, holdsNumber } from '../../members-import/written-numbers.ts';
import { decoyNumber } from '../support/samples.ts';
import { createImportWorld, csv } from './support/run-import.ts';

const HEADER = 'external_id,given_name,family_name,email,phone,personnummer';
const [date, rest] = [decoyNumber.slice(0, 6), decoyNumber.slice(6)];
const holds = (text: string) => holdsNumber(text, { synthetic: true });

test('a number is seen through whatever stands between its digits, and behind zeros', () => {
  for (const text of [
    decoyNumber,
    ...['.', '  ', '-', '\u2013', '\u2212', '/', "'", '\u2019', '\u00a0', '\u200b', ' - '].map(
      (gap) => date + gap + rest,
    ),
    `${date.slice(0, 2)} ${date.slice(2, 4)} ${date.slice(4)} ${rest}`,
    `${date} ${rest.slice(0, 3)} ${rest.slice(3)}`,
    `0${decoyNumber}`,
    `000${date} ${rest}`,
    `Ola ${decoyNumber} 1958`,
    `tlf 90000001, ${date}.${rest}`,
    `nr${decoyNumber}x`,
    `${decoyNumber}.0`,
    decoyNumber.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  ]) {
    assert.ok(holds(text), text.replaceAll(/[0-9]/g, '9'));
  }
});

test('ordinary ids and phone numbers are none', () => {
  for (const text of [
    '',
    '17',
    '2024-001234',
    `1${decoyNumber}`,
    `${decoyNumber}1`,
    `${date}x${rest}`,
    '+47 90 00 00 01',
  ]) {
    assert.ok(!holds(text));
  }
  for (const phone of ['4790000001', '004790000001', '+46 70 123 45 67']) assert.ok(!holds(phone), phone);
});

test('one in some hundreds of ids with eleven digits looks like a number, and not more', () => {
  // Multiples of the golden ratio are spread evenly and in no order, and are the same each time.
  const spread = Array.from({ length: 50_000 }, (_, nth) => (nth * 0.6180339887498949) % 1);
  const ids = spread.map((part) => String(Math.floor(part * 1e11)).padStart(11, '0'));
  const share = ids.filter((id) => holdsNumber(id, { synthetic: false })).length / ids.length;
  assert.ok(share > 1 / 1000 && share < 1 / 250, String(share));
});

test('very long fields are looked through quickly', () => {
  // The processor's time: on a loaded machine the clock goes on for others.
  const begun = process.threadCpuUsage();
  for (const text of ['0 '.repeat(30_000), '0'.repeat(60_000), '1'.repeat(60_000), '12 '.repeat(20_000)]) holds(text);
  const { user, system } = process.threadCpuUsage(begun);
  assert.ok(user + system < 2_000_000, `${user + system} µs`);
});

test('the usual ways of writing a number come to the same', () => {
  for (const text of [
    `${date} ${rest}`,
    `${date}-${rest}`,
    `${date}\u2013${rest}`,
    `'${decoyNumber}`,
    `="${decoyNumber}"`,
    `${date}\u00a0${rest}`,
    `\u200b${decoyNumber}`,
  ]) {
    assert.equal(bareNumber(text), decoyNumber);
  }
  for (const text of [`${date}.${rest}`, `${decoyNumber}x`, `-${decoyNumber}`])
    assert.notEqual(bareNumber(text), decoyNumber);
});

test('a number in any column that is stored in clear rejects its row', async () => {
  await using world = await createImportWorld();
  const columns = [
    `${date}  ${rest},,,,`,
    `1,${date}.${rest},,,`,
    `2,,${date}\u2013${rest},,`,
    `3,,,${decoyNumber}@example.org,`,
  ];
  const phones = [decoyNumber, `${date} ${rest}`, `+${decoyNumber}`].map((phone, nth) => `p${nth},,,,${phone}`);
  await world.imported(csv(HEADER, ...[`00${decoyNumber},,,,`, ...columns, ...phones].map((row) => `${row},`)));
  const listed = world.read('members.csv.rejected.csv')?.trimEnd().split('\n').slice(1) ?? [];
  assert.equal(listed.length, 8);
  for (const line of listed) assert.match(line, /personnummer_in_another_column/);
  assert.deepEqual(await world.members(), []);
});

test('numbers as spreadsheets write them are imported; broken ones are still rejected', async () => {
  await using world = await createImportWorld();
  await world.imported(
    csv(
      'external_id,personnummer',
      '1,018150 25039',
      '2,319261-10341',
      "3,'08837220093",
      '4,="17858433347"',
      '5,"=""29828804004"""',
      '6,249299\u00a048099',
      '7,\u200b01810099816',
      '8,1815025039',
      '9,018150 2503',
      '10,01815025038',
      '11,0181502503x',
    ),
  );
  assert.deepEqual(
    (await world.members()).map(({ personnummer_masked }) => personnummer_masked),
    ['018150', '319261', '088372', '178584', '298288', '249299', '018100'].map((digits) => `${digits}*****`),
  );
  const bad = [9, 10, 11, 12].map((line) => `${line},personnummer_malformed`);
  assert.equal(world.read('members.csv.rejected.csv'), csv('line,reasons', ...bad));
});
