import assert from 'node:assert/strict';
import { test } from 'vitest';
import { describeRetention } from '../../../auth-callback/consent/texts.ts';
import { chooseLocale } from '../../../runtime/language.ts';

test('the language is the one chosen, or else the browser’s, or else bokmål', () => {
  const table: [string | undefined, string | undefined, string][] = [
    ['nn', 'en', 'nn'],
    ['xx', 'en-GB,en;q=0.9', 'en'],
    [undefined, 'no', 'nb'],
    [undefined, 'nn-NO, nb;q=0.5', 'nn'],
    [undefined, 'de, en;q=0.2, nb;q=0.8', 'nb'],
    [undefined, 'de, se', 'nb'],
    [undefined, 'en;q=0', 'nb'],
    [undefined, 'en;q=x', 'nb'],
    [undefined, undefined, 'nb'],
    [undefined, ','.repeat(100_000), 'nb'],
  ];
  for (const [chosen, accepted, expected] of table) assert.equal(chooseLocale(chosen, accepted), expected);
});

test('a retention time is put into words, and anything unusual is left as it is', () => {
  assert.equal(describeRetention('1 year', 'nb'), '1 år');
  assert.equal(describeRetention('2 years 6 mons', 'nn'), '2 år og 6 månader');
  assert.equal(describeRetention('1 mon 3 days', 'en'), '1 month and 3 days');
  assert.equal(describeRetention('1 day 02:00:00', 'en'), '1 day 02:00:00');
});
