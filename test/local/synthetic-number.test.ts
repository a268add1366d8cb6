import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { syntheticNumber } from '../../local/sample-data/synthetic-number.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';

const dates = fc
  .date({ min: new Date('1940-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

test('every synthetic number is one that the strict rule accepts, and only in a test', () => {
  fc.assert(
    fc.property(dates, fc.nat(300), fc.boolean(), (date, nth, dNumber) => {
      const number = syntheticNumber(date, nth, { dNumber });
      const reading = readPersonnummer(number, { synthetic: true });
      assert.equal(reading.status, 'valid');
      assert.equal(reading.status === 'valid' && reading.kind, dNumber ? 'd-number' : 'personnummer');
      assert.equal(readPersonnummer(number, { synthetic: false }).status, 'refused');
      assert.equal(firstControlRemainder(number), 0);
    }),
  );
});

test('the numbers of one date are all different', () => {
  const numbers = Array.from({ length: 300 }, (_, nth) => syntheticNumber('1972-03-08', nth));
  assert.equal(new Set(numbers).size, 300);
});

/** The relaxed rule of 2032 allows 1 to 3 here. */
function firstControlRemainder(number: string): number {
  const weights = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
  return weights.reduce((sum, weight, at) => sum + weight * Number(number[at]), 0) % 11;
}
