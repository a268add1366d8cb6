/** Which test files call which function: PostgreSQL counts the calls in each test's database (track_functions). */
import { appendFileSync, globSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import type { FunctionFile } from '../../db/function-files.ts';
import { databaseUrl } from '../support/template.ts';

/** Test files by function, the quickest first; under `*` those that look at row security. */
export type Coverage = Record<string, string[]>;

/** Notes which test file a database belongs to, where a run for coverage asks for it. */
export function noteDatabase(name: string, testFile: string): void {
  const list = process.env.TEST_COVERAGE;
  if (list) appendFileSync(list, `${testFile}\t${name}\n`);
}

/** Who calls whom, by name in the text: SQL functions that PostgreSQL writes into their callers are not counted. */
function callersOf(name: string, functions: FunctionFile[]): string[] {
  const called = new RegExp(`(?<![\\w.])${name.replace('.', '\\.')}(?![\\w])`);
  return functions.filter((other) => other.name !== name && called.test(other.sql)).map((other) => other.name);
}

/**
 * Read when all tests are over: a session's counts arrive when it ends.
 *
 * @param list as `noteDatabase` wrote it; the databases are still there
 * @param output of the run, whose last lines say how long the slowest files took
 * @param functions and views; whose readers are found by name, since PostgreSQL counts calls of functions only
 */
export async function readCoverage(
  cluster: string,
  list: string,
  output: string,
  functions: FunctionFile[],
): Promise<Coverage> {
  const seconds = new Map(
    [...output.matchAll(/^ *([\d.]+) s {2}(\S+)$/gm)].map(([, time, file]) => [file, Number(time)]),
  );
  const coverage: Record<string, Set<string>> = {};
  const add = (name: string, file: string) => {
    coverage[name] ??= new Set();
    coverage[name].add(file);
  };
  for (const line of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
    const [file = '', database = ''] = line.split('\t');
    for (const name of await calledFunctions(databaseUrl(cluster, database))) add(name, file);
  }
  const views = functions.flatMap(({ name, sql }) => (sql.includes('create or replace view') ? [name] : []));
  for (const file of globSync('test/{db,api,docs,worker}/**/*.test.ts')) {
    const text = readFileSync(file, 'utf8');
    for (const name of views.filter((view) => text.includes(view.replace('api.', '')))) add(name, file);
  }
  // Twice: what was written into a function that was itself written into another.
  for (let times = 0; times < 2; times += 1) {
    for (const { name } of functions.filter((each) => coverage[each.name] === undefined)) {
      for (const file of callersOf(name, functions).flatMap((caller) => [...(coverage[caller] ?? [])])) add(name, file);
    }
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

/** None where the test itself has dropped its database. */
async function calledFunctions(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
  } catch (error) {
    if ((error as pg.DatabaseError).code === '3D000') return [];
    throw error;
  }
  try {
    const { rows } = await client.query<{ name: string }>(
      `select schemaname || '.' || funcname as name from pg_stat_user_functions where schemaname = any ($1)`,
      [OUR_SCHEMAS],
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}
