import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { test } from 'vitest';
import { readPersonnummer } from '../../personnummer/validate.ts';
import { invalid, otherKinds, synthetic, syntheticUnder2032Rule } from './numbers.ts';

const inTest = { synthetic: true };
const inProduction = { synthetic: false };

for (const [number, { dNumber }] of Object.entries({ ...synthetic, ...syntheticUnder2032Rule })) {
  test(`${number.slice(0, 6)}... is accepted where synthetic numbers are, and refused in production`, () => {
    const reading = readPersonnummer(number, inTest);
    assert.equal(reading.status, 'valid');
    assert.equal(reading.personnummer.reveal(), number);
    assert.equal(reading.kind, dNumber ? 'd-number' : 'personnummer');
    assert.equal(reading.synthetic, true);
    assert.deepEqual(readPersonnummer(number, inProduction), { status: 'refused', absentReason: 'not_accepted' });
  });
}

test('the tables are complete', () => {
  assert.equal(Object.keys(synthetic).length, 23);
  assert.equal(Object.values(synthetic).filter(({ dNumber }) => dNumber).length, 5);
  assert.equal(Object.keys(syntheticUnder2032Rule).length, 7);
});

test('a number of the form in real use is accepted in production and refused where only synthetic ones are', () => {
  const number = firstUnissued('010150');
  const reading = readPersonnummer(number, inProduction);
  assert.equal(reading.status, 'valid');
  assert.equal(reading.kind, 'personnummer');
  assert.equal(reading.synthetic, false);
  assert.deepEqual(readPersonnummer(number, inTest), { status: 'refused', absentReason: 'not_accepted' });
});

test('a D-number of the form in real use is accepted in production and refused where only synthetic ones are', () => {
  const number = firstUnissued('410150');
  const reading = readPersonnummer(number, inProduction);
  assert.equal(reading.status, 'valid');
  assert.equal(reading.kind, 'd-number');
  assert.deepEqual(readPersonnummer(number, inTest), { status: 'refused', absentReason: 'not_accepted' });
});

for (const { number, what, absentReason } of otherKinds) {
  test(`a number with ${what} (${number.slice(0, 6)}...) is ${absentReason} everywhere`, () => {
    assert.deepEqual(readPersonnummer(number, inTest), { status: 'refused', absentReason });
    assert.deepEqual(readPersonnummer(number, inProduction), { status: 'refused', absentReason });
  });
}

for (const { text, why } of invalid) {
  test(`a text with ${why} is malformed`, () => {
    assert.deepEqual(readPersonnummer(text, inTest), { status: 'refused', absentReason: 'malformed' });
    assert.deepEqual(readPersonnummer(text, inProduction), { status: 'refused', absentReason: 'malformed' });
  });
}

const otherTypes: Record<string, unknown> = {
  'a number without leading zero': 31926110341,
  'a number that lost its leading zero': 1815025039,
  'a big integer': 31926110341n,
  'an array': ['01815025039'],
  'an object': { nin: '01815025039' },
  'an object that turns into the text': { toString: () => '01815025039' },
  'a boxed string': Object('01815025039'),
  true: true,
  'a symbol': Symbol('01815025039'),
};
for (const [what, claim] of Object.entries(otherTypes)) {
  test(`${what} is malformed`, () => {
    assert.deepEqual(readPersonnummer(claim, inTest), { status: 'refused', absentReason: 'malformed' });
  });
}

for (const claim of [undefined, null]) {
  test(`${claim} is not given`, () => {
    assert.deepEqual(readPersonnummer(claim, inTest), { status: 'refused', absentReason: 'not_given' });
  });
}

test('whatever the claim is, reading it never throws and the answer never shows it', () => {
  const numbers = fc.constantFrom(...Object.keys(synthetic), ...otherKinds.map(({ number }) => number));
  const digits = fc.stringMatching(/^[0-9]{11}$/);
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true });
  const claims = fc.oneof(numbers, digits, fc.string({ unit: 'binary' }), anything);
  fc.assert(
    fc.property(claims, fc.boolean(), (claim, accepts) => {
      const reading = readPersonnummer(claim, { synthetic: accepts });
      const shown = `${JSON.stringify(reading)}${inspect(reading, { depth: 9, showHidden: true })}`;
      if (typeof claim === 'string' && claim.length > 10) assert.ok(!shown.includes(claim));
      assert.doesNotMatch(shown, /(?<!\d)\d{11}(?!\d)/);
    }),
    { numRuns: 2_000 },
  );
});

/**
 * A number that only the marks tell from one in use, computed so that none is written down. It belongs to nobody: the
 * individual numbers 800 to 899 are issued to nobody born in 1950.
 */
function firstUnissued(date: string): string {
  for (let rest = 0; rest < 10_000; rest++) {
    const candidate = `${date}8${String(rest).padStart(4, '0')}`;
    if (readPersonnummer(candidate, inProduction).status === 'valid') return candidate;
  }
  throw new Error('no such number');
}
