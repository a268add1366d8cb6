import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { readContactClaims } from '../../../auth-callback/claims/contact-claims.ts';
import { storableText } from '../../../auth-callback/claims/storable-text.ts';
import { readPersonnummer } from '../../../personnummer/validate.ts';
import { sampleNumbers } from '../../support/samples.ts';
import { linkMember } from '../support/bankid.ts';
import { logIn } from '../support/browser.ts';
import { number, startWorld } from '../support/world.ts';

/** Eleven digits without a calendar date, or with wrong control digits: nobody's number. */
const others = ['12345678901', '00000000000', '99999999999', `${number.slice(0, 10)}4`, '10000000001'];
const dress: ((digits: string) => string)[] = [
  (digits) => digits,
  (digits) => `no:${digits}`,
  (digits) => `auth0|${digits}`,
  (digits) => `${digits}@example.no`,
  (digits) => `x${digits}y`,
  (digits) => `${digits.slice(0, 6)} ${digits.slice(6)}`,
  (digits) => `${digits.slice(0, 6)}-${digits.slice(6)}`,
];

test('a text with eleven digits is kept unless they are somebody’s number', () => {
  for (const write of dress) {
    for (const digits of others) assert.equal(storableText(write(digits)), write(digits));
    for (const digits of [...sampleNumbers, '12429431083']) assert.equal(storableText(write(digits)), undefined);
    assert.equal(storableText(`${write(others[0] ?? '')} ${write(number)}`), undefined, 'one of two');
  }
  assert.equal(
    storableText([...number].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('')),
    undefined,
  );
});

test('of all texts of eleven digits exactly those are refused that pass for a number', () => {
  const digits = fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 11, maxLength: 11 })
    .map((each) => each.join(''));
  fc.assert(
    fc.property(fc.oneof(digits, fc.constantFrom(...sampleNumbers)), fc.constantFrom(...dress), (text, write) => {
      const isNumber = [true, false].some((synthetic) => {
        const reading = readPersonnummer(text, { synthetic });
        return reading.status === 'valid' || reading.absentReason === 'not_accepted';
      });
      assert.equal(storableText(write(text)) === undefined, isNumber);
    }),
  );
});

test('a person whose sub, or e-mail address, merely holds eleven digits logs in, each time as the same', async () => {
  await using world = await startWorld();
  const person = { ...world.person, sub: `no:${others[0]}` };
  await linkMember(world, person.sub);
  for (let nth = 0; nth < 2; nth += 1) assert.equal((await logIn(world, person)).error, null);
  const rows = await world.observations();
  assert.deepEqual(
    rows.map(({ subject, member_id }) => [subject, member_id]),
    [1, 2].map(() => [person.sub, world.member.id]),
  );
  const refused = await logIn(world, { ...world.person, sub: `no:${number}` });
  assert.equal(refused.error, 'login_failed');
  const email = `${others[0]}@example.no`;
  assert.equal(readContactClaims('vipps', [{ email, email_verified: true }]).email, email);
});
