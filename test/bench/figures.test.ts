import assert from 'node:assert/strict';
import { test } from 'vitest';
import { drawBars, drawSeries } from '../../bench/report/chart.ts';
import { writePage } from '../../bench/report/page.ts';
import { type Result, withPart } from '../../bench/report/result.ts';
import { finish } from '../../bench/row.ts';
import { syntheticNumbers } from '../../bench/rows/member-file.ts';
import { quantile, spreadOf } from '../../bench/statistics.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';

test('median and percentiles are those of the values, whatever their order', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(
    quantile(
      Array.from({ length: 101 }, (_, at) => 100 - at),
      0.95,
    ),
    95,
  );
  assert.deepEqual(spreadOf([2, 9, 4]), { median: 4, min: 2, max: 9, rounds: [2, 9, 4] });
});

const row = { id: 'a', what: 'x', unit: 'ratio', sides: [], note: '' };

test('a row is judged by its median, from above or from below', () => {
  assert.equal(finish({ ...row, value: spreadOf([0.5, 0.6, 0.7]), bar: { at: 'least', value: 0.6 } }).met, true);
  assert.equal(finish({ ...row, value: spreadOf([0.5, 0.59, 0.7]), bar: { at: 'least', value: 0.6 } }).met, false);
  assert.equal(finish({ ...row, value: spreadOf([9, 11, 12]), bar: { at: 'most', value: 10 } }).met, false);
  assert.equal(finish({ ...row, value: spreadOf([1]), bar: null }).met, null);
});

test('the numbers of the export that is imported are synthetic, valid and each of its own', () => {
  const seen = new Set<string>();
  for (const { personnummer, birthDate } of syntheticNumbers()) {
    assert.equal(readPersonnummer(personnummer, { synthetic: true }).status, 'valid');
    assert.equal(personnummer.slice(4, 6), birthDate.slice(2, 4));
    seen.add(personnummer);
    if (seen.size === 2_000) break;
  }
  assert.equal(seen.size, 2_000);
});

test('charts are SVG that shows every point, and escapes what it is given', () => {
  const chart = drawSeries({
    id: 'x',
    title: 'More & more',
    axis: 'members',
    unit: 'ms',
    lines: [
      {
        name: 'p50',
        points: [
          [1_000, 1.5],
          [1_000_000, 1.75],
        ],
      },
    ],
  });
  assert.match(chart, /^<svg [^>]+viewBox/);
  assert.match(chart, /More &amp; more/);
  for (const text of ['1 000 000', '1.50', '1.75', 'p50', 'members']) assert.ok(chart.includes(`>${text}<`), text);
  assert.equal(chart.match(/<circle/g)?.length, 2);
  assert.match(drawBars('Ratios', [{ name: 'one', value: 0.7, wanted: 0.6 }]), />0\.70</);
});

const machine = {
  cpu: 'a processor',
  cores: 2,
  memoryGb: 8,
  system: 'Linux',
  node: 'v24',
  postgres: '18',
  loadBefore: 0.1,
  fsyncsPerSecond: 900,
  commit: 'abc',
};

test('the page names the machine, every bar with its verdict, and every chart', () => {
  const result: Result = {
    takenAt: '2026-11-22T00:00:00Z',
    size: 'full',
    seconds: 800,
    machine,
    settings: { fsync: 'on' },
    rows: [
      finish({ ...row, what: 'first', value: spreadOf([0.7]), bar: { at: 'least', value: 0.6 } }),
      finish({ ...row, what: 'second', value: spreadOf([12]), bar: { at: 'most', value: 10 }, unit: 'ms' }),
    ],
    series: [{ id: 'members', title: 'Members', axis: 'members', unit: 'ms', lines: [] }],
  };
  const page = writePage(result);
  assert.match(page, /a processor, 2 cores/);
  assert.match(page, /\| first \| >= 0\.6 \| 0\.70 \| met \|/);
  assert.match(page, /\| second \| <= 10 ms \| 12\.0 ms \| \*\*not met\*\* \|/);
  assert.match(page, /charts\/members\.svg/);
});

test('a part that is measured again takes the place of its old figures, and the page says so', () => {
  const measured = (takenAt: string, values: Record<string, number>): Result => ({
    takenAt,
    size: 'full',
    seconds: 1,
    machine: { ...machine, commit: takenAt.slice(0, 4) },
    settings: {},
    rows: Object.entries(values).map(([id, value]) =>
      finish({ ...row, id, what: id, value: spreadOf([value]), bar: null }),
    ),
    series: [],
  });
  const report = measured('2026-01-01', { one: 1, two: 2 });
  const first = withPart(report, 'members', measured('2027-01-01', { two: 3 }));
  const second = withPart(first, 'members', measured('2028-01-01', { two: 4 }));
  assert.deepEqual(
    second.rows.map(({ id, value }) => [id, value.median]),
    [
      ['one', 1],
      ['two', 4],
    ],
  );
  assert.deepEqual(second.again, [{ part: 'members', takenAt: '2028-01-01', commit: '2028' }]);
  assert.match(writePage(second), /The part `members` was measured again on 2028-01-01, by itself, at commit 2028/);
});
