import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { drawBars, drawSeries } from './chart.ts';
import { writePage } from './page.ts';
import type { Result } from './result.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const FORMATTER = join(ROOT, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');

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
  const files = new Map<string, string>();
  files.set(join(base, 'bench', 'results.json'), `${JSON.stringify(round(result), null, 2)}\n`);
  const ratios = result.rows.flatMap(({ id, unit, value, bar }) =>
    unit === 'ratio' && bar !== null ? [{ name: id.replaceAll('-', ' '), value: value.median, wanted: bar.value }] : [],
  );
  files.set(join(charts, 'ratios.svg'), drawBars('Ratios, with the bar of each', ratios));
  for (const series of result.series) files.set(join(charts, `${series.id}.svg`), drawSeries(series));
  files.set(join(base, 'docs', 'performance.md'), writePage(result));
  return writeFiles(files);
}

/** The report that is kept, as the last whole run wrote it. */
export function readReport(): Result {
  return JSON.parse(readFileSync(join(ROOT, 'bench', 'results.json'), 'utf8')) as Result;
}

/** Writes what a report is made of. @returns the paths, from the project's folder */
export function writeFiles(files: Map<string, string>): string[] {
  for (const [path, content] of files) writeFileSync(path, content);
  const paths = [...files.keys()].map((path) => relative(ROOT, path));
  const kept = paths.filter((path) => /\.(json|md)$/.test(path) && !path.startsWith('.local'));
  // In the house's format, so that `npm run check` takes what is committed.
  if (kept.length > 0) execFileSync(process.execPath, [FORMATTER, 'format', '--write', ...kept], { cwd: ROOT });
  return paths;
}

/** Four digits are more than any of these figures is worth. */
function round<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, each) => (typeof each === 'number' ? Number(each.toPrecision(4)) : each)),
  ) as T;
}
