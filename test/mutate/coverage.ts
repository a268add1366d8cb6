/** Which test files call which function: PostgreSQL counts the calls in each test's database (track_functions). */
import { appendFileSync, globSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { OUR_SCHEMAS } from '../../db/catalog.ts';

/** Test files by function, the quickest first; under `*` those that look at row security. */
export type Coverage = Record<string, string[]>;

/** Notes which functions were called in the database behind `pool`, where a run for coverage asks for it. */
export async function noteCalls(pool: pg.Pool, testFile: string): Promise<void> {
  const list = process.env.TEST_COVERAGE;
  if (!list) return;
  const { rows } = await pool.query<{ name: string }>(
    `select schemaname || '.' || funcname as name from pg_stat_user_functions where schemaname = any ($1)`,
    [OUR_SCHEMAS],
  );
  appendFileSync(list, rows.map(({ name }) => `${testFile}\t${name}\n`).join(''));
}

/**
 * @param output of the run, whose last lines say how long the slowest files took
 * @param views whose readers are found by name, since PostgreSQL counts calls of functions only
 */
export function readCoverage(list: string, output: string, views: string[]): Coverage {
  const seconds = new Map(
    [...output.matchAll(/^ *([\d.]+) s {2}(\S+)$/gm)].map(([, time, file]) => [file, Number(time)]),
  );
  const coverage: Record<string, Set<string>> = {};
  const add = (name: string, file: string) => {
    coverage[name] ??= new Set();
    coverage[name].add(file);
  };
  for (const line of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
    const [file = '', name = ''] = line.split('\t');
    add(name, file);
  }
  for (const file of globSync('test/{db,api,docs,worker}/**/*.test.ts')) {
    const text = readFileSync(file, 'utf8');
    for (const name of views.filter((view) => text.includes(view.replace('api.', '')))) add(name, file);
  }
  const quickest = (files: Set<string>) =>
    [...files].sort((one, other) => (seconds.get(one) ?? 0) - (seconds.get(other) ?? 0));
  const policies = [
    'test/db/lints.test.ts',
    'test/db/privileges.test.ts',
    'test/db/separated.test.ts',
    'test/api/separation.test.ts',
  ];
  return {
    ...Object.fromEntries(Object.entries(coverage).map(([name, files]) => [name, quickest(files)])),
    '*': policies,
  };
}
