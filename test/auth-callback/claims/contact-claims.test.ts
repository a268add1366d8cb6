import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { readContactClaims } from '../../../auth-callback/claims/contact-claims.ts';

const read = (claims: Record<string, unknown>, provider = 'vipps') => readContactClaims(provider, [claims]);

test('phone numbers become E.164 with plus, or are dropped', () => {
  const table: [unknown, string | undefined][] = [
    ['4791234567', '+4791234567'],
    ['+4791234567', '+4791234567'],
    ['46701234567', '+46701234567'],
    ['+47 912 34 567', '+4791234567'],
    ['004791234567', undefined],
    ['+0791234567', undefined],
    ['12345', undefined],
    ['+4791234567890123', undefined],
    ['+47９1234567', undefined],
    ['phone', undefined],
    ['', undefined],
    [4791234567, undefined],
    [null, undefined],
    [['4791234567'], undefined],
    ['9'.repeat(1_000_000), undefined],
  ];
  for (const [claim, phone] of table) assert.equal(read({ phone_number: claim }).phone, phone);
});

test('bare digits are a whole number with Vipps only', () => {
  assert.equal(read({ phone_number: '91234567' }, 'bankid').phone, undefined);
  assert.equal(read({ phone_number: '+4791234567' }, 'bankid').phone, '+4791234567');
});

test('a phone number counts as verified when the claim is true, or is not there with Vipps', () => {
  const phone_number = '+4791234567';
  assert.equal(read({ phone_number }).phoneVerified, true);
  assert.equal(read({ phone_number }, 'bankid').phoneVerified, false);
  assert.equal(read({}).phoneVerified, false);
  for (const claim of [false, 'true', 1, null, {}]) {
    assert.equal(read({ phone_number, phone_number_verified: claim }).phoneVerified, false);
  }
  assert.equal(read({ phone_number, phone_number_verified: true }, 'bankid').phoneVerified, true);
});

test('an e-mail address is verified by the boolean and nothing else', () => {
  const email = 'kari@example.no';
  assert.equal(read({ email, email_verified: true }).emailVerified, true);
  for (const claim of [undefined, false, 'true', 1, [true]]) {
    assert.equal(read({ email, email_verified: claim }).emailVerified, false);
  }
  assert.equal(read({ email_verified: true }).emailVerified, false);
});

test('what is no e-mail address is dropped', () => {
  for (const email of ['kari', '@', 'a b@c', 'a@b@c', `${'x'.repeat(320)}@x`, 'a\0@b', 'a\ud800@b', 5]) {
    assert.equal(read({ email, email_verified: true }).email, undefined);
  }
  assert.equal(read({ email: ' kari@example.no ' }).email, 'kari@example.no');
});

test('birth dates are dates that exist and have been', () => {
  assert.equal(read({ birthdate: '1972-02-29' }).birthDate, '1972-02-29');
  for (const birthdate of [
    '1973-02-29',
    '1972-13-01',
    '1972-00-10',
    '0000-01-01',
    '1972',
    '08.03.1972',
    '1972-3-8',
    '9999-12-31',
    '1972-03-08T00:00:00Z',
    ' 1972-03-08',
    19720308,
    null,
  ]) {
    assert.equal(read({ birthdate }).birthDate, undefined, String(birthdate));
  }
});

test('names are trimmed and bounded; what cannot be stored is dropped', () => {
  assert.equal(read({ given_name: '  Kari  ' }).givenName, 'Kari');
  assert.equal(read({ given_name: 'x'.repeat(1_000_000) }).givenName, 'x'.repeat(200));
  assert.equal(read({ family_name: '\u{1F600}'.repeat(300) }).familyName, '\u{1F600}'.repeat(200));
  for (const given_name of ['', '   ', 'a\0b', 'a\udc00b', 5, null, {}, ['Kari'], 'Kari 01815025039']) {
    assert.equal(read({ given_name }).givenName, undefined);
  }
});

test('a value and its flag come from the same source, the first that has a usable value', () => {
  const merged = readContactClaims('vipps', [
    {
      email: 'broken',
      email_verified: true,
      given_name: 'Kari',
      phone_number: '4791234567',
      phone_number_verified: false,
    },
    { email: 'b@example.no', given_name: 'Else', family_name: 'Nordmann', phone_number: '4799999999' },
  ]);
  assert.deepEqual(merged, {
    givenName: 'Kari',
    familyName: 'Nordmann',
    birthDate: undefined,
    phone: '+4791234567',
    phoneVerified: false,
    email: 'b@example.no',
    emailVerified: false,
  });
});

test('whatever the claims are, the reading is storable or nothing', () => {
  const claim = fc.oneof(fc.anything(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  const names = ['given_name', 'family_name', 'birthdate', 'phone_number', 'email'] as const;
  fc.assert(
    fc.property(
      fc.constantFrom('vipps', 'bankid'),
      fc.record(Object.fromEntries(names.map((n) => [n, claim]))),
      (p, c) => {
        for (const value of Object.values(read(c, p))) {
          if (typeof value !== 'string') continue;
          assert.ok(value.isWellFormed() && !value.includes('\0') && value.length <= 400);
        }
      },
    ),
  );
});
