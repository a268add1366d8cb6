import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createJudge } from '../../members-import/judge-batch.ts';
import { readEmail, readName, readPhone } from '../../members-import/read-fields.ts';
import { parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';
import { readExternalId } from '../../runtime/csv/clean-fields.ts';
import { testKeys } from '../support/keys.ts';
import { decoyNumber } from '../support/samples.ts';

test('a phone number of the organisation’s country is the same one however it is written', () => {
  for (const text of [
    '90000001',
    '90 00 00 01',
    '4790000001',
    '47 90 00 00 01',
    '+4790000001',
    '+47 (0) 90 00 00 01',
    '0047 90.00.00.01',
    '(+47) 900 00 001',
  ]) {
    assert.equal(readPhone(text, '47'), '+4790000001', text);
  }
  for (const text of ['0701234567', '+46 (0)70-123 45 67', '46701234567'])
    assert.equal(readPhone(text, '46'), '+46701234567', text);
});

test('numbers of other countries are kept as they are', () => {
  assert.equal(readPhone('+45 12 34 56 78', '47'), '+4512345678');
  assert.equal(readPhone('0044 20 7946 0958', '47'), '+442079460958');
  assert.equal(readPhone('+39 06 1234 5678', '47'), '+390612345678');
});

test('what can be nobody’s phone number is unusable', () => {
  for (const text of [
    '12345',
    '99999999999',
    '11111111',
    '+47 9000000',
    '+46123',
    '+999 12345678',
    '90000001 / 90000002',
    '90000001 x5',
    'no phone',
  ]) {
    assert.equal(readPhone(text, '47'), undefined, text);
  }
});

test('an e-mail address is a plain one', () => {
  for (const text of ['a@b.no', "o'brien+nhf@mail.example.org", 'åse@blåbær.no', 'A_B-c@x-y.example'])
    assert.equal(readEmail(text), text);
  for (const text of [
    '<a@b.no>',
    'mailto:a@b.no',
    '"><script>@x',
    '"a"@b.no',
    'a@b',
    'a@b..no',
    '.a@b.no',
    'a b@c.no',
    'a@b.no,c@d.no',
    'a@b.no;c@d.no',
    'Ola <a@b.no>',
    'a@b.no.',
    'a@-b.no',
    'a@b@c.no',
    'a\u0007@b.no',
    `${'a'.repeat(320)}@b.no`,
  ]) {
    assert.equal(readEmail(text), undefined, text);
  }
});

test('an id that cannot stand in the address of a member is unusable', () => {
  for (const text of ['17', 'NHF/17', '...', 'Ø 17', '.17']) assert.equal(readExternalId(text), text);
  for (const text of ['.', '..', '1\n7', '1\t7', '1\u20287', '1\u00007', '1\u00857', 'x'.repeat(201)])
    assert.equal(readExternalId(text), undefined);
});

test('white space in a name is one space, and other control characters are unusable', () => {
  assert.equal(readName('Kari\r\nLise\u00a0 \tLi'), 'Kari Lise Li');
  assert.equal(readName('Kari\u0007'), undefined);
  assert.equal(readName('x'.repeat(201)), undefined);
});

test('a rejection says whose row it is, where that is known and no number', async () => {
  const { PERSONNUMMER_SEALING_KEYS, PERSONNUMMER_INDEX_SECRETS } = testKeys().environment;
  const sealingKeys = parsePublicKeys(PERSONNUMMER_SEALING_KEYS).keys;
  const indexSecrets = parseSecrets(PERSONNUMMER_INDEX_SECRETS).secrets;
  const rejected = async (position: number, ...rows: string[][]) => {
    const judge = createJudge({
      layout: { width: 2, positions: { external_id: position, email: 1 - position } },
      birthDate: 'yyyy-mm-dd',
      countryCode: '47',
      amounts: 'øre',
      acceptsSynthetic: true,
      capture: true,
      dropBadNumbers: false,
      organizationId: 'nobody',
      sealingKeys,
      indexSecrets,
    });
    const { rejections } = await judge(
      rows.map((fields, at) => ({ line: at + 2, fields })),
      'load',
    );
    return (JSON.parse(rejections) as { external_id: string | null }[]).map(({ external_id }) => external_id);
  };
  const first = [['17', 'nobody'], ['', 'nobody'], ['..', 'nobody'], [decoyNumber, ''], ['18', decoyNumber], ['19']];
  assert.deepEqual(await rejected(0, ...first), ['17', null, null, null, '18', '19']);
  assert.deepEqual(await rejected(1, ['nobody', '17'], ['a@b.no', 'x', '18']), ['17', null]);
});
