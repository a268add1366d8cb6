import assert from 'node:assert/strict';
import { format, inspect } from 'node:util';
import { test } from 'vitest';
import { PersonnummerError } from '../../personnummer/errors.ts';
import { Personnummer } from '../../personnummer/personnummer.ts';
import { synthetic } from './numbers.ts';

const digits = '01815025039';
const personnummer = new Personnummer(digits);

test('the mask shows the six date digits and five stars', () => {
  assert.equal(personnummer.masked(), '018150*****');
  for (const number of Object.keys(synthetic)) {
    assert.equal(new Personnummer(number).masked(), `${number.slice(0, 6)}*****`);
  }
});

const printed: Record<string, () => string> = {
  'String()': () => String(personnummer),
  'a template literal': () => `${personnummer}`,
  concatenation: () => `${['', personnummer].join('')}`,
  'JSON.stringify': () => JSON.stringify({ personnummer, list: [personnummer] }),
  'util.inspect': () => inspect(personnummer),
  'util.inspect, with hidden properties and getters': () =>
    inspect({ personnummer }, { showHidden: true, getters: true, depth: 9 }),
  'util.inspect without custom inspection': () => inspect(personnummer, { customInspect: false, showHidden: true }),
  'util.format': () => format('%s %o %O %j %d', personnummer, personnummer, personnummer, personnummer, personnummer),
  'an error message': () => inspect(new Error(`refused: ${personnummer}`, { cause: personnummer })),
  'an assertion': () => {
    try {
      assert.deepEqual(personnummer, 'something else');
      return 'equal';
    } catch (error) {
      return inspect(error);
    }
  },
  Number: () => String(Number(personnummer)),
  'its own properties': () => JSON.stringify(Object.getOwnPropertyDescriptors(personnummer)),
  'a structured clone': () => inspect(structuredClone(personnummer)),
  spreading: () => inspect({ ...personnummer }),
};
for (const [way, print] of Object.entries(printed)) {
  test(`${way} does not show the number`, () => {
    assert.ok(!print().includes(digits));
    assert.ok(!print().includes(digits.slice(-5)));
  });
}

test('only asking for it brings the number out', () => {
  assert.equal(personnummer.reveal(), digits);
});

test('a text of another shape is refused without being quoted', () => {
  for (const text of ['0181502503', `${digits}\n`, '1785843334A', '']) {
    assert.throws(
      () => new Personnummer(text),
      (error) =>
        error instanceof PersonnummerError &&
        error.code === 'personnummer_malformed' &&
        (text === '' || !inspect(error).includes(text.trim())),
    );
  }
});
