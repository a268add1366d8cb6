import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { drawRatios, drawSeries } from './chart.ts';
import { writePage } from './page.ts';
import type { Result } from './result.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/**
 * Writes `bench/results.json`, the charts, and the page that shows them; a quick run writes to a folder that is not kept,
 * because its figures prove nothing.
 *
 * @returns the paths, from the project's folder
 */
export function writeReport(result: Result): string[] {
  const base = result.size === 'full' ? ROOT : join(ROOT, '.local', 'bench');
  const charts = join(base, 'docs', 'charts');
  mkdirSync(charts, { recursive: true });
  mkdirSync(join(base, 'bench'), { recursive: true });
  const written: string[] = [];
  const write = (path: string, content: string) => {
    writeFileSync(path, content);
    written.push(relative(ROOT, path));
  };
  write(join(base, 'bench', 'results.json'), `${JSON.stringify(round(result), null, 2)}\n`);
  const ratios = result.rows.flatMap(({ id, unit, value, bar }) =>
    unit === 'ratio' && bar !== null ? [{ name: id.replaceAll('-', ' '), value: value.median, wanted: bar.value }] : [],
  );
  write(join(charts, 'ratios.svg'), drawRatios('Ratios, with the bar of each', ratios));
  for (const series of result.series) write(join(charts, `${series.id}.svg`), drawSeries(series));
  write(join(base, 'docs', 'performance.md'), writePage(result));
  return written;
}

/** Four digits are more than any of these figures is worth. */
function round<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, each) => (typeof each === 'number' ? Number(each.toPrecision(4)) : each)),
  ) as T;
}
