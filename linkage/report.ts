import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { drawBars } from '../bench/report/chart.ts';
import { writeFiles } from '../bench/report/write-report.ts';
import { scoreOf, wrongPerMillion } from './estimate.ts';
import { METHODS, type Method } from './others.ts';
import { writePage } from './page.ts';
import type { Result } from './run.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Below this a run proves nothing about one in a million. */
const KEPT_FROM_MEMBERS = 1_000_000;

/** Writes the page and its charts; of a smaller run, or one of other rules, to a folder that is not kept. @returns the paths */
export function writeReport(result: Result, { seconds, kept }: { seconds: number; kept: boolean }): string[] {
  const base = kept && result.options.members >= KEPT_FROM_MEMBERS ? ROOT : join(ROOT, '.local', 'linkage');
  const charts = join(base, 'docs', 'charts');
  mkdirSync(charts, { recursive: true });
  const taken = { at: new Date().toISOString().slice(0, 10), commit: commit(), seconds: Math.round(seconds) };
  return writeFiles(
    new Map([
      [join(base, 'docs', 'linkage.md'), writePage(result, taken)],
      [
        join(charts, 'linkage-wrong.svg'),
        draw('Wrong links of a million logins', (method) => wrongPerMillion(result, method).figure),
      ],
      [
        join(charts, 'linkage-found.svg'),
        draw('Members of a hundred logins who are found', (method) => found(result, method)),
      ],
    ]),
  );
}

function draw(title: string, value: (method: Method) => number): string {
  return drawBars(
    title,
    (Object.keys(METHODS) as Method[]).map((method) => ({ name: METHODS[method], value: value(method) })),
  );
}

/** Of the members who log in. */
function found(result: Result, method: Method): number {
  const { right, logins, refused } = scoreOf(result, method, 'sample');
  return (100 * right) / (logins - refused);
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
}
