import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readRetryAfter } from '../../worker/member-system/send.ts';

const now = Date.UTC(2026, 10, 21, 12, 0, 0);
const cases: [string | null, number | null, string][] = [
  [null, null, 'nothing'],
  ['0', 0, 'no time at all'],
  ['120', 120, 'seconds'],
  ['315360000', 86_400, 'ten years, cut to a day'],
  ['99999999999999999999999999', 86_400, 'more seconds than there are'],
  ['Sat, 21 Nov 2026 12:01:30 GMT', 90, 'a date'],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0, 'a date that has passed'],
  ['Thu, 21 Nov 2036 12:00:00 GMT', 86_400, 'a date in ten years, cut to a day'],
  ['Saturday, 21-Nov-26 12:00:10 GMT', 10, 'a date in the form of RFC 850'],
  ['Sat Nov 21 12:00:10 2026', 10, 'a date in the form of asctime'],
  ['-5', null, 'a negative number'],
  ['1.5', null, 'a fraction'],
  ['1e9', null, 'an exponent'],
  ['soon', null, 'a word'],
  ['2026-11-21T12:00:10Z', null, 'a date in another form'],
  ['Sat, 99 Nov 2026 12:00:00 GMT', null, 'a date that does not exist'],
];
for (const [value, seconds, what] of cases) {
  test(`Retry-After with ${what} means ${seconds ?? 'nothing'}`, () => {
    const headers = new Headers(value === null ? {} : { 'retry-after': value });
    assert.equal(
      readRetryAfter(headers, () => now),
      seconds,
    );
  });
}

test('a date is compared with the clock of who sent it', () => {
  const headers = new Headers({
    'retry-after': 'Sat, 21 Nov 2026 13:00:30 GMT',
    date: 'Sat, 21 Nov 2026 13:00:00 GMT',
  });
  assert.equal(
    readRetryAfter(headers, () => now),
    30,
  );
});
