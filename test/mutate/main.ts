/**
 * `npm run mutate -- [--sample 100] [--seed 1] [--only private.find_member]`: makes small mistakes in the functions and policies, one
 * at a time, and says which test notices each. First a run of the database tests shows which of them calls which function.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readFunctionFiles } from '../../db/function-files.ts';
import { startPostgres } from '../../local/postgres.ts';
import { createChance } from '../chaos/random.ts';
import { type Coverage, readCoverage } from './coverage.ts';
import { type Mutant, mutantsOf, policyMutants } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COVERAGE = join(ROOT, '.test', 'functions-by-test.json');
const REPORT = join(ROOT, '.test', 'mutants.json');
const MOST_FILES = 12;

type Verdict = Mutant & { verdict: 'noticed' | 'not noticed' | 'no test' | 'not valid'; by: string };

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'mutate-'));
const server = await startPostgres({
  dataFolder: join(folder, 'data'),
  logFile: join(folder, 'postgres.log'),
  password: randomUUID(),
  throwaway: folder,
  settings: { track_functions: 'all' },
});
try {
  const coverage = await coverageOf();
  const chosen = choose(await allMutants());
  const verdicts: Verdict[] = [];
  for (const [at, mutant] of chosen.entries()) {
    const verdict = await judge(mutant, coverage);
    verdicts.push(verdict);
    console.log(
      `${at + 1}/${chosen.length} ${verdict.verdict}: ${mutant.name}:${mutant.line} ${mutant.kind}: ${mutant.was} ${verdict.by}`,
    );
    writeFileSync(REPORT, JSON.stringify(verdicts, null, 2));
  }
  const valid = verdicts.filter(({ verdict }) => verdict !== 'not valid');
  const noticed = valid.filter(({ verdict }) => verdict === 'noticed');
  console.log(
    `${noticed.length} of ${valid.length} mistakes were noticed; ${verdicts.length - valid.length} were no valid SQL`,
  );
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function allMutants(): Promise<Mutant[]> {
  const functions = (await readFunctionFiles()).flatMap(({ name, sql }) => mutantsOf(name, sql));
  const migrations = globSync('db/migrations/*_row_security.sql', { cwd: ROOT });
  const policies = migrations.flatMap((file) => policyMutants(readFileSync(join(ROOT, file), 'utf8')));
  return [...functions, ...policies];
}

/** The same seed chooses the same mistakes, as many of each kind as there are. */
function choose(mutants: Mutant[]): Mutant[] {
  const wanted = mutants.filter(({ name }) => values.only === undefined || name.startsWith(values.only));
  const chance = createChance(Number(values.seed));
  const kinds = Map.groupBy(chance.shuffle(wanted), ({ kind }) => kind);
  const rounds = Array.from({ length: wanted.length }, (_, nth) => [...kinds.values()].flatMap((of) => of[nth] ?? []));
  return rounds.flat().slice(0, Number(values.sample));
}

async function judge(mutant: Mutant, coverage: Coverage): Promise<Verdict> {
  const files = coverage[mutant.name.split(' ')[0] as string] ?? coverage['*'] ?? [];
  if (files.length === 0) return { ...mutant, verdict: 'no test', by: '' };
  const mutation = join(folder, 'mutation.sql');
  writeFileSync(mutation, mutant.sql);
  for (const file of files.slice(0, MOST_FILES)) {
    const { failed, output } = await runTests([file], { TEST_MUTATION: mutation });
    if (/mutation does not apply/.test(output)) return { ...mutant, verdict: 'not valid', by: '' };
    if (failed) return { ...mutant, verdict: 'noticed', by: `by ${file}` };
  }
  return { ...mutant, verdict: 'not noticed', by: '' };
}

async function coverageOf(): Promise<Coverage> {
  if (existsSync(COVERAGE) && !values.fresh) return JSON.parse(readFileSync(COVERAGE, 'utf8')) as Coverage;
  console.log('which test calls which function: one run of the database tests');
  const { output } = await runTests(['--project', 'database'], { TEST_COVERAGE: join(folder, 'coverage') });
  const views = (await readFunctionFiles())
    .filter(({ sql }) => sql.includes('create or replace view'))
    .map(({ name }) => name);
  const coverage = readCoverage(join(folder, 'coverage'), output, views);
  mkdirSync(join(ROOT, '.test'), { recursive: true });
  writeFileSync(COVERAGE, JSON.stringify(coverage, null, 2));
  return coverage;
}

function runTests(words: string[], environment: Record<string, string>): Promise<{ failed: boolean; output: string }> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  return new Promise((done) => {
    execFile(
      process.execPath,
      [vitest, 'run', '--bail', 'TEST_COVERAGE' in environment ? '0' : '1', ...words],
      { cwd: ROOT, env: { ...process.env, ...environment, DATABASE_URL: server.url }, maxBuffer: 100_000_000 },
      (error, stdout, stderr) => done({ failed: error !== null, output: stdout + stderr }),
    );
  });
}
